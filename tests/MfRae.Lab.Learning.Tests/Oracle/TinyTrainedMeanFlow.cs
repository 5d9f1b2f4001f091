using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Oracle;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Oracle;

/// <summary>A small untrained mean-flow network in float64 with a teacher and λ, as the input of oracle measures.</summary>
internal static class TinyTrainedMeanFlow
{
    public static readonly DitOptions Sizes = new(16, 1, 2, 16, 1, 2, 2);

    /// <summary>A smooth error, which no λ leaves constant in z.</summary>
    public static readonly TeacherBiasOptions Bias = new SmoothBiasOptions(0.7, 3);

    /// <param name="ownTangent">Whether the direction of the derivative is the network's own velocity.</param>
    /// <param name="perturbed">Whether the network's output depends on its input; as it starts, it is zero.</param>
    public static TrainedMeanFlow Of(
        GaussianMixture mixture, double lambda, double? tangent = null, TeacherBiasOptions? bias = null, bool perturbed = true,
        bool ownTangent = false)
    {
        var network = new DitNetwork(Sizes, new LatentShape(mixture.Dimension, 1, 1), 1, interval: true);
        var weights = Weights.Initialise(network.Declare(), new RandomSource(5, CPU), CPU, float64);
        if (perturbed)
        {
            using var quiet = no_grad();
            weights.Flat.add_(new RandomSource(5, CPU).Normal("perturb", 0, weights.Flat.shape) * 0.2);
        }
        var options = new LambdaMeanFlowOptions(
            lambda, Sizes, new UniformTimeOptions(), new JvpOptions(), new AdaptiveLossWeightOptions(), new TrainingOptions(10, 16),
            TangentLambda: ownTangent ? null : tangent, Tangent: ownTangent ? LambdaMeanFlowOptions.NetworkTangent : null);
        var teacher = new OracleTeacher(mixture, bias ?? new NoBiasOptions());
        return new(mixture, options, teacher.Field, teacher.Bias, network, weights);
    }

    public static OracleBatches Source(GaussianMixture mixture, int batch = 32) => new(mixture, batch, Mixtures.Random(), CPU);
}
