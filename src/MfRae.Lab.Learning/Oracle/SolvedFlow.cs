using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>The flow of a mixture by the solver; its Jacobian by the variational equation dM/dt = ∂v/∂z M (docs/method.md §6).</summary>
public sealed class SolvedFlow(GaussianMixture mixture, double tolerance) : IFlow
{
    private readonly FixedPoint _mean = new(mixture.Velocity, mixture.Velocity, tolerance);

    public Tensor AverageVelocity(Tensor z, Tensor r, Tensor t) => _mean.AverageVelocity(z, r, t);

    public Tensor Jacobian(Tensor z, Tensor r, Tensor t)
    {
        var (batch, size) = (z.shape[0], mixture.Dimension);
        var unit = eye(size, dtype: float64).flatten().expand(batch, size * size);
        var way = (r - t).unsqueeze(1);
        Tensor Slope(Tensor state, double s)
        {
            var at = mixture.At(state.narrow(1, 0, size), t + (s * (r - t)));
            var moved = at.Jacobian().matmul(state.narrow(1, size, size * size).view(batch, size, size));
            return way * cat([at.Velocity(), moved.flatten(1)], 1);
        }

        return DormandPrince.Solve(Slope, cat([z, unit], 1), tolerance).narrow(1, size, size * size).view(batch, size, size);
    }
}
