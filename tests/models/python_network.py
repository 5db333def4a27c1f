"""python_network.py DOCUMENT CLASS FOLDER NORM [ARGUMENT]: runs the document's Python network of that class on what a test of it
has left in the folder."""

import re
import sys

import torch

document, class_name, folder, norm, *more = sys.argv[1:]
code = re.findall(r"```python\n(.*?)```", open(document, encoding="utf-8").read(), re.S)
assert code, f"expected Python blocks in {document}, found none"
classes = {}
for block in code:
    exec(block, classes)

torch.manual_seed(3)
network = classes[class_name](*map(int, more), with_norm=norm != "none")
for name, tensor in torch.load(f"{folder}/first.pt").items():
    assert torch.equal(tensor, network.state_dict()[name]), f"first weights differ: {name}"

state = torch.load(f"{folder}/model.pt")
versions = {name: entry["version"] for name, entry in state._metadata.items()}
expected = {name: entry["version"] for name, entry in network.state_dict()._metadata.items()}
assert versions.items() <= expected.items(), f"expected PyTorch's versions, found {versions}"
# A norm that does the ReLU itself has none beside it, and a ReLU holds no tensors.
missing = [name for name in expected.keys() - versions.keys() if ".relu" not in name]
assert not missing, f"expected the versions of all modules, found none of {missing}"
network.load_state_dict(state)
network.eval()
example = torch.load(f"{folder}/example.pt")
with torch.no_grad():
    difference = (network(example["pictures"]) - example["logits"]).abs().max().item()
assert difference <= 1e-5, f"expected logits equal to 1e-5, found a difference of {difference}"
print(f"norm {norm}: largest difference of {example['logits'].numel()} logits: {difference:.2g}")
