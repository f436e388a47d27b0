"""Name inputs and outputs of exported graphs, and make them faster; needs onnx, not TensorFlow."""

from collections import Counter

import numpy as np
import onnx
from onnx import helper, numpy_helper

KINDS = {"Relu": "convolution", "MaxPool": "pooling"}  # the operator that a layer ends in
SCALES, CHANNELS = "doubled", "channels"
CONSTANTS = {SCALES: np.array([1, 1, 2, 2], np.float32), CHANNELS: np.array([1], np.int64)}
# How the doubling of a map is exported, from its end: eight operators and more for the shapes.
DOUBLING = (
    *("Transpose", "Reshape", "Tile", "Unsqueeze"),
    *("Reshape", "Transpose", "Tile", "Unsqueeze"),
)


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


def quicker(content: bytes) -> bytes:
    """Replace operators that ONNX Runtime is slow at by others with the same result.

    A doubling of a map that is exported as copies and shapes becomes one `Resize`, which gives the
    same bits. A softmax over the channels of a map becomes its definition, in which ONNX Runtime
    takes a tenth of the time; it differs by rounding. A graph without such operators does not
    change.

    Parameters
    ----------
    content : an ONNX graph of opset 13 or later
    """
    model = onnx.load_from_string(content)
    nodes = model.graph.node
    makers = {name: node for node in nodes for name in node.output}
    replaced: list[onnx.NodeProto] = []
    for node in nodes:
        doubled = _doubled(node, makers)
        if doubled is not None:
            replaced += _resize(doubled, node.output[0])
        elif node.op_type == "Softmax" and _attribute(node, "axis") == 1:
            replaced += _softmax(node.input[0], node.output[0])
        else:
            replaced.append(node)
    del nodes[:]
    nodes.extend(_needed(replaced, {value.name for value in model.graph.output}))
    constants = {each.name: each for each in model.graph.initializer}
    for name, value in CONSTANTS.items():
        constants[name] = numpy_helper.from_array(value, name)
    used = {name for node in nodes for name in node.input}
    del model.graph.initializer[:]
    model.graph.initializer.extend(each for name, each in constants.items() if name in used)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _doubled(node: onnx.NodeProto, makers: dict[str, onnx.NodeProto]) -> str | None:
    """Return the map that `node` ends the doubling of; None if it is something else."""
    name = node.output[0]
    for kind in DOUBLING:
        maker = makers.get(name)
        if maker is None or maker.op_type != kind:
            return None
        name = maker.input[0]
    return name


def _resize(name: str, output: str) -> list[onnx.NodeProto]:
    how = {
        "mode": "nearest",
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    }
    return [helper.make_node("Resize", [name, "", SCALES], [output], f"{output} resize", **how)]


def _softmax(name: str, output: str) -> list[onnx.NodeProto]:
    most, less, power, total = (f"{output} {part}" for part in ("max", "less", "exp", "sum"))
    return [
        helper.make_node("ReduceMax", [name], [most], most, axes=[1], keepdims=1),
        helper.make_node("Sub", [name, most], [less], less),
        helper.make_node("Exp", [less], [power], power),
        helper.make_node("ReduceSum", [power, CHANNELS], [total], total, keepdims=1),
        helper.make_node("Div", [power, total], [output], output),
    ]


def _attribute(node: onnx.NodeProto, name: str) -> int | None:
    return next((each.i for each in node.attribute if each.name == name), None)


def _needed(nodes: list[onnx.NodeProto], outputs: set[str]) -> list[onnx.NodeProto]:
    """Return the nodes that an output needs, in order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]
