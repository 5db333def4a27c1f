"""python_network.py DOCUMENT FOLDER NORM: runs the Python network of the document on what DigitNetworkTest has left in the folder."""

import re
import sys

import torch

document, folder, norm = sys.argv[1:]
code = re.search(r"```python\n(.*?)```", open(document, encoding="utf-8").read(), re.S)
assert code, f"expected a Python block in {document}, found none"
exec(code.group(1))  # defines DigitNetwork

torch.manual_seed(3)
network = DigitNetwork(with_norm=norm != "none")
for name, tensor in torch.load(f"{folder}/first.pt").items():
    assert torch.equal(tensor, network.state_dict()[name]), f"first weights differ: {name}"

state = torch.load(f"{folder}/model.pt")
versions = {name: entry["version"] for name, entry in state._metadata.items()}
expected = {name: entry["version"] for name, entry in network.state_dict()._metadata.items()}
assert versions == expected, f"expected PyTorch's versions, found {versions}"
network.load_state_dict(state)
network.eval()
example = torch.load(f"{folder}/example.pt")
with torch.no_grad():
    difference = (network(example["pictures"]) - example["logits"]).abs().max().item()
assert difference <= 1e-5, f"expected logits equal to 1e-5, found a difference of {difference}"
print(f"norm {norm}: largest difference of {example['logits'].numel()} logits: {difference:.2g}")
