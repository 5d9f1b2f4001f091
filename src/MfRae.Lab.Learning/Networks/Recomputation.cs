using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// Recomputation of activations (arXiv 1604.06174). A block is evaluated without a graph, so that only its inputs and its output are kept.
/// The backward pass goes from the last block to the first: it evaluates a block again, now with a graph, and takes the gradient through it.
/// The values and the gradient are those of a network whose graph is kept.
/// </summary>
public sealed class Recomputation
{
    private readonly List<Segment> _segments = [];
    private readonly Dictionary<Tensor, Tensor> _leaves = new(ReferenceEqualityComparer.Instance);

    /// <summary>
    /// Evaluates a block without a graph. The result and the leaves of the graph are moved out of the current dispose scope. The tangent
    /// never has a graph, so the backward pass evaluates the primal only.
    /// </summary>
    /// <param name="block">A function of a value and a condition.</param>
    public Dual Run(Func<Dual, Dual, Dual> block, Dual x, Dual condition)
    {
        var (value, given) = (Leaf(x.Primal), Leaf(condition.Primal));
        Dual output;
        using (no_grad())
            output = block(x, condition);
        var primal = output.Primal.requires_grad_(true).MoveToOuterDisposeScope();
        _segments.Add(new(primal, gradient =>
        {
            using var graph = enable_grad();
            block(value, given).Primal.backward([gradient]);
        }));
        return new(primal, output.Tangent?.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Adds the gradient of a loss to the gradients of the weights. The activations between blocks are forgotten afterwards.
    /// </summary>
    /// <param name="again">Whether the gradient of another loss of the same evaluation follows: then they are kept.</param>
    public void Backward(Tensor loss, bool again)
    {
        // The operations between blocks are reached from several blocks, so their part of the graph must stay.
        loss.backward(retain_graph: true);
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            using var scope = NewDisposeScope();
            var segment = _segments[i];
            if (segment.Leaf.grad is not { } gradient)
                continue;
            segment.Backward(gradient);
            segment.Leaf.grad = null;
        }
        if (!again)
            Clear();
    }

    /// <summary>Forgets all blocks, as after an evaluation without a backward pass.</summary>
    public void Clear()
    {
        _segments.Clear();
        _leaves.Clear();
    }

    // A value with a graph ends it here: its leaf collects the gradients of all blocks that use it, and passes on their sum.
    private Tensor Leaf(Tensor value)
    {
        if (!value.requires_grad || value.is_leaf)
            return value;
        if (_leaves.TryGetValue(value, out var leaf))
            return leaf;
        leaf = value.detach().requires_grad_(true).MoveToOuterDisposeScope();
        _leaves[value] = leaf;
        _segments.Add(new(leaf, gradient => value.backward([gradient], retain_graph: true)));
        return leaf;
    }

    /// <param name="Leaf">A leaf of the graph that follows.</param>
    /// <param name="Backward">Passes the gradient of the leaf on to the graph before it.</param>
    private sealed record Segment(Tensor Leaf, Action<Tensor> Backward);
}
