using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>A mean-flow network at given points: its value and its first derivatives, by as many reverse passes as dimensions.</summary>
/// <param name="U">u_θ(z, r, t) [B, d].</param>
/// <param name="ByZ">∂u_θ/∂z [B, d, d], a row for each coordinate of u.</param>
/// <param name="ByT">∂u_θ/∂t at fixed r [B, d].</param>
public sealed record Linearisation(Tensor U, Tensor ByZ, Tensor ByT)
{
    /// <param name="weights">Without gradients of their own.</param>
    /// <param name="z">[B, d]; r, t [B]; all in the type of the weights.</param>
    public static Linearisation Of(DitNetwork network, Weights weights, Tensor z, Tensor r, Tensor t)
    {
        using var on = enable_grad();
        var (point, time) = (z.detach().clone().requires_grad_(true), t.detach().clone().requires_grad_(true));
        var u = network.AverageVelocity(weights, Latent(point), r, time, Labels(z)).flatten(1);
        // The samples of a batch do not see each other: the gradient of a sum over the batch is that of each.
        var rows = Enumerable.Range(0, (int)z.shape[1])
            .Select(i => autograd.grad([u.select(1, i).sum()], [point, time], retain_graph: true))
            .ToArray();
        return new(u.detach(), stack([.. rows.Select(row => row[0])], 1), stack([.. rows.Select(row => row[1])], 1));
    }

    /// <summary>[B, d] → [B, d, 1, 1].</summary>
    public static Tensor Latent(Tensor z) => z.unsqueeze(-1).unsqueeze(-1);

    /// <summary>The one class of an oracle dataset.</summary>
    public static Tensor Labels(Tensor z) => zeros(z.shape[0], dtype: int64);
}
