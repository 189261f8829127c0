"""A hospital that speaks DICOM and HL7: phantoms, scanners, patients, readers and shifts, all from one seed."""
