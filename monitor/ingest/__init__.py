"""Studies in: the DICOM receiver, the spool and the parser jail. Patients' names stay here."""
