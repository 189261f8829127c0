import subprocess
import sys

import pytest
import torch

from models.networks import NETWORKS, build, parameters_of

SMALL = {"layers": [1, 1, 1, 1], "widths": [4, 4, 8, 8]}


def test_a_network_gives_logits_and_features() -> None:
    """One logit per finding, and the features the head saw; the head on the features gives the logits."""
    network = build("resnet", SMALL, findings=3).eval()
    with torch.inference_mode():
        output = network(torch.rand(2, 1, 64, 48))
        assert torch.equal(network.head(output.features), output.logits)
    assert output.logits.shape == (2, 3)
    assert output.features.shape == (2, 8)


def test_parameters_round_trip() -> None:
    """The tensors to store make a second network give the same answer."""
    first, second = (build("resnet", SMALL, findings=2).eval() for _ in range(2))
    second.load_state_dict(parameters_of(first))
    image = torch.rand(1, 1, 32, 32)
    assert torch.equal(first(image).logits, second(image).logits)


@pytest.mark.parametrize("wrong", [{"layers": [1], "widths": [4]}, {"layers": [1, 1, 1, 0], "widths": [4, 4, 4, 4]}])
def test_a_shape_that_is_no_resnet_is_refused(wrong: dict[str, list[int]]) -> None:
    """A wrong number of stages, or an empty one, names what would be accepted."""
    with pytest.raises(ValueError, match="four positive numbers"):
        build("resnet", wrong, findings=1)


def test_an_unknown_architecture_is_not_in_the_table() -> None:
    """Only the table's names build a network."""
    assert "perceptron" not in NETWORKS
    with pytest.raises(KeyError):
        build("perceptron", {}, findings=1)


def test_monai_is_imported_only_to_build() -> None:
    """Importing the table costs no import of MONAI, which takes seconds."""
    code = "import models.networks, monitor.inference.runner, sys; sys.exit('monai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
