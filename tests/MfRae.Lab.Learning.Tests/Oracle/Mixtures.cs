using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Oracle;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

/// <summary>A distribution of each kind, and points on its path.</summary>
internal static class Mixtures
{
    public static readonly GaussianDistributionOptions Gaussian =
        new([1, -2, 0.5], [[2, 0.6, -0.3], [0.6, 0.5, 0.1], [-0.3, 0.1, 0.8]]);

    public static readonly RingDistributionOptions Ring = new(Modes: 5, Radius: 2, Deviation: 0.4);

    public static readonly LineDistributionOptions Line = new([1, 2, 0.5], [-2, 0.3, 1.7], [0.3, 0.6, 0.2]);

    public static TheoryData<string> Kinds => ["gaussian", "ring", "mixture1d"];

    public static GaussianMixture Of(string kind) => (GaussianMixture)OracleDistributions.Create(kind switch
    {
        "gaussian" => Gaussian,
        "ring" => Ring,
        _ => (DistributionOptions)Line,
    });

    public static RandomSource Random(long seed = 11) => new(seed, CPU);

    public static (Tensor Z, Tensor R, Tensor T) Points(GaussianMixture mixture, long count, long seed = 11) =>
        new ClosedFormChecks(mixture, 1e-9).Points(Random(seed), count);
}
