using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Derivatives;

/// <summary>Evaluates u and estimates du/dt along (w, 0, 1) (docs/method.md §3).</summary>
public interface IDerivative
{
    /// <summary>
    /// z, w [B, C, H, W], r ≤ t [B] → u(z, r, t) of the main evaluation, in the caller's gradient mode, and du/dt, which
    /// carries no gradient; both [B, C, H, W]. For r = t the derivative is not needed, since (t - r) multiplies it: it is zero there,
    /// and each estimator saves as much of its work as possible.
    /// </summary>
    (Tensor U, Tensor Derivative) Evaluate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t);

    /// <summary>
    /// du/dt alone, for samples that all have r &lt; t: [B, C, H, W], without gradient. Call it without gradients. The label dropout is that
    /// of <see cref="Evaluate"/>.
    /// </summary>
    Tensor Differentiate(IAverageVelocity u, Tensor z, Tensor w, Tensor r, Tensor t);

    /// <summary>The work of the estimator, for the cost model.</summary>
    DerivativeCost Cost { get; }

    /// <summary>The estimator of each kind of options. A new estimator is added to this list.</summary>
    static IDerivative Create(DerivativeOptions options) => options switch
    {
        JvpOptions => new ForwardMode(),
        JvpDoubleBackwardOptions => new DoubleBackward(),
        CentralDifferenceOptions central => new CentralDifference(central),
        ForwardDifferenceOptions forward => new ForwardDifference(forward),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no estimator"),
    };

    /// <summary>The estimator for training in a precision: with bfloat16 products, du/dt is estimated in full precision all the same.</summary>
    static IDerivative Create(DerivativeOptions options, TrainingOptions training) => training.Precision == TrainingOptions.BFloat16
        ? new FullPrecisionDerivative(Create(options))
        : Create(options);
}

/// <summary>u_θ at the fixed labels of one batch, as estimators see it.</summary>
public interface IAverageVelocity
{
    /// <summary>
    /// u(z, r, t): z [n B, C, H, W], r, t [n B] hold the batch once for each of the n <paramref name="probes"/>. Probe 0 is the main
    /// evaluation; probes 1 and 2 may see another label dropout (docs/method.md §4, B).
    /// </summary>
    Tensor At(Tensor z, Tensor r, Tensor t, int[] probes);

    /// <summary>
    /// The main evaluation with a tangent carried through the network. If only the first samples have tangents, the same holds for u.
    /// </summary>
    Dual At(Dual z, Dual r, Dual t);

    /// <summary>u for some samples of the batch, int64 [n].</summary>
    IAverageVelocity Rows(Tensor rows);

    /// <summary>The same u with products in full precision. A closed form has one precision.</summary>
    IAverageVelocity InFullPrecision => this;

    /// <summary>The same u by operations that have second derivatives.</summary>
    IAverageVelocity TwiceDifferentiable => this;
}

/// <summary>The average velocity of a mean-flow network.</summary>
/// <param name="labels">y int64 [B] as a probe sees them.</param>
public sealed class NetworkVelocity(GeneratorNetwork network, Weights weights, Func<int, Tensor> labels) : IAverageVelocity
{
    /// <summary>With the same labels for all probes.</summary>
    public NetworkVelocity(GeneratorNetwork network, Weights weights, Tensor y) : this(network, weights, _ => y)
    {
    }

    /// <inheritdoc/>
    public Tensor At(Tensor z, Tensor r, Tensor t, int[] probes) => network.AverageVelocity(
        weights, z, r, t, probes.Length == 1 ? labels(probes[0]) : cat([.. probes.Select(labels)]));

    /// <inheritdoc/>
    public Dual At(Dual z, Dual r, Dual t) => network.AverageVelocity(weights, z, r, t, labels(0));

    /// <inheritdoc/>
    public IAverageVelocity Rows(Tensor rows) => new NetworkVelocity(network, weights, probe => labels(probe).index_select(0, rows));

    /// <inheritdoc/>
    public IAverageVelocity InFullPrecision => With(Precision.Full);

    /// <inheritdoc/>
    public IAverageVelocity TwiceDifferentiable => weights.Precision == Precision.Full ? With(Precision.TwiceDifferentiable) : this;

    private NetworkVelocity With(Precision precision) => new(network, weights.With(precision), labels);
}

/// <summary>
/// The work of an estimator of du/dt for a sample in addition to the main evaluation (docs/method.md §3), in evaluations of the network.
/// </summary>
/// <param name="Name">The estimator in words, for the cost table.</param>
/// <param name="Linear">Evaluations' worth of products with weights.</param>
/// <param name="Attention">Evaluations' worth of attention products.</param>
/// <param name="AllSamples">Whether samples with r = t cost as much as samples with r &lt; t.</param>
/// <param name="KeptEvaluations">Evaluations whose values are kept for a backward pass.</param>
/// <param name="UsesMain">Whether the estimate uses the main evaluation.</param>
/// <param name="FullPrecision">Whether its products are float32 in every precision of the training.</param>
/// <param name="FusesMain">Whether the main evaluation may use fused attention.</param>
public sealed record DerivativeCost(
    string Name,
    double Linear,
    double Attention,
    bool AllSamples = false,
    double KeptEvaluations = 0,
    bool UsesMain = true,
    bool FullPrecision = false,
    bool FusesMain = true)
{
    /// <summary>The cost of probes. In one batch with gradients a probe goes backward too, although nothing uses its gradient.</summary>
    public static DerivativeCost Probes(string name, int probes, bool concatenated) => concatenated
        ? new($"{name}, {probes} probes with gradients", 3 * probes, 3 * probes, AllSamples: true, KeptEvaluations: probes)
        : new($"{name}, {probes} {(probes == 1 ? "probe" : "probes")}", probes, probes, UsesMain: probes == 1);

    /// <summary>The multiply-adds for a sample, given those of one evaluation.</summary>
    public MultiplyAdds Of(MultiplyAdds evaluation) => new(Linear * evaluation.Linear, Attention * evaluation.Attention);
}
