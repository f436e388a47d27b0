"""Graphs that are rewritten to be faster answer as before."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from digits.training.graph import quicker


def graph(nodes, **constants):
    """Return a graph of "maps" (n, 3, h, w) to "out", of these constants."""
    value = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4)
        for name in ("maps", "out")
    ]
    arrays = [numpy_helper.from_array(np.array(v, np.int64), name) for name, v in constants.items()]
    made = helper.make_graph(nodes, "graph", value[:1], value[1:], arrays)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return model.SerializeToString()


def doubling():
    """Return a graph that doubles maps as TensorFlow's are exported: by copies."""
    rows = [
        helper.make_node("Unsqueeze", ["maps", "three"], ["a"]),
        helper.make_node("Tile", ["a", "twice"], ["b"]),  # n, c, h, 2, w
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 2, 3, 4, 1]),
        helper.make_node("Reshape", ["c", "tall"], ["d"]),  # n, 2 h, w, c
    ]
    columns = [
        helper.make_node("Unsqueeze", ["d", "three"], ["e"]),
        helper.make_node("Tile", ["e", "twice"], ["f"]),
        helper.make_node("Reshape", ["f", "large"], ["g"]),
        helper.make_node("Transpose", ["g"], ["out"], perm=[0, 3, 1, 2]),
    ]
    shapes = {"three": [3], "twice": [1, 1, 1, 2, 1], "tall": [1, 4, 5, 3], "large": [1, 4, 10, 3]}
    return graph([*rows, *columns], **shapes)


def run(content, maps):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["out"], {"maps": maps})[0]


def kinds(content):
    return [node.op_type for node in onnx.load_from_string(content).graph.node]


MAPS = np.random.default_rng(0).normal(0, 30, (1, 3, 2, 5)).astype(np.float32)


def test_a_doubling_is_one_operator_and_gives_the_same_bits():
    slow, fast = doubling(), quicker(doubling())
    assert kinds(fast) == ["Resize"]
    np.testing.assert_array_equal(run(fast, MAPS), run(slow, MAPS))
    np.testing.assert_array_equal(run(fast, MAPS), MAPS.repeat(2, axis=2).repeat(2, axis=3))


def test_a_softmax_over_channels_is_its_definition():
    slow = graph([helper.make_node("Softmax", ["maps"], ["out"], axis=1)])
    fast = quicker(slow)
    assert "Softmax" not in kinds(fast)
    np.testing.assert_allclose(run(fast, MAPS), run(slow, MAPS), atol=1e-6)


@pytest.mark.parametrize("axis", [2, 3])
def test_another_graph_does_not_change(axis):
    content = graph([helper.make_node("Softmax", ["maps"], ["out"], axis=axis)])
    assert quicker(content) == content


def test_a_graph_is_made_faster_once():
    assert quicker(quicker(doubling())) == quicker(doubling())
