"""What a server loads: nothing that it does not need, and nothing that stops it later."""

import subprocess
import sys

SERVES = """
import sys
from api.app import create_app
from models import onnx_engine
from triage.segments import segment
assert len(segment("Lovely sofa. Where is it?")) == 2
print("torch" in sys.modules, "transformers" in sys.modules)
import torch
print(torch.ones(2).sum().item())
"""


def test_a_server_never_imports_torch_and_who_needs_it_still_can() -> None:
    ran = subprocess.run([sys.executable, "-c", SERVES], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False", "2.0"]
