"""Name inputs and outputs of exported graphs; needs onnx, not TensorFlow."""

from collections import Counter

import onnx

KINDS = {"Relu": "convolution", "MaxPool": "pooling"}  # the operator that a layer ends in


def named(content: bytes, names: tuple[str, ...]) -> bytes:
    """Rename the graph's input and outputs."""
    model = onnx.load_from_string(content)
    wanted = dict(
        zip(
            [value.name for value in [*model.graph.input, *model.graph.output]],
            names,
            strict=False,  # not all networks have the last output
        )
    )
    for value in [*model.graph.input, *model.graph.output]:
        value.name = wanted[value.name]
    for node in model.graph.node:
        node.input[:] = [wanted.get(name, name) for name in node.input]
        node.output[:] = [wanted.get(name, name) for name in node.output]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def with_layers(content: bytes) -> bytes:
    """Add the outputs of all convolutions and poolings to a digit network's graph.

    Only the list of outputs changes, so that the results stay the same bit for bit. A graph that
    has them already does not change.

    Parameters
    ----------
    content : an ONNX graph with outputs "logits" and "embedding"
    """
    model = onnx.load_from_string(content)
    names = _layer_names(model.graph)
    shapes = {
        value.name: value for value in onnx.shape_inference.infer_shapes(model).graph.value_info
    }
    for old, new in names.items():
        shapes[old].name = new
        model.graph.output.append(shapes[old])
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _layer_names(graph: onnx.GraphProto) -> dict[str, str]:
    """Return names for the tensors of inner layers, from the ink to the embedding."""
    makers = {name: node for node in graph.node for name in node.output}
    before, waiting = set(), ["embedding"]
    while waiting:  # back from the embedding, which leaves out the reject head
        name = waiting.pop()
        if name in makers and name not in before:
            before.add(name)
            waiting.extend(makers[name].input)
    names: dict[str, str] = {}
    shown = {value.name for value in graph.output}
    count: Counter[str] = Counter()
    for node in graph.node:
        kind, name = KINDS.get(node.op_type), node.output[0]
        if kind and name in before and name not in shown:
            count[kind] += 1
            names[name] = f"{kind} {count[kind]}"
    return names
