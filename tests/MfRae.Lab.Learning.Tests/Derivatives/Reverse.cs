using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Derivatives;

/// <summary>Directional derivatives by two reverse passes of libtorch.</summary>
internal static class Reverse
{
    /// <summary>The derivative of an output along tangents of the inputs it was computed from.</summary>
    public static Tensor Tangent(Tensor output, IList<Tensor> inputs, IList<Tensor> tangents)
    {
        var cotangent = zeros_like(output).requires_grad_(true);
        var products = autograd.grad([output], inputs, [cotangent], retain_graph: true, create_graph: true, allow_unused: true);
        var along = inputs.Select((_, i) => (products[i] * tangents[i]).sum()).Aggregate((sum, term) => sum + term);
        return autograd.grad([along], [cotangent])[0].detach();
    }
}
