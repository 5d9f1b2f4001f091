using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The network of a generator: with an interval a mean-flow network u(z, r, t, y), whose second embedding receives t - r; otherwise a
/// velocity network v(z, t, y) (docs/method.md §2). A kind of network gives its weights and one evaluation, for values and tangents.
/// </summary>
/// <param name="shape">Shape of the latents and of the output.</param>
/// <param name="classes">Number of classes; the label <paramref name="classes"/> itself is the null label.</param>
public abstract class GeneratorNetwork(LatentShape shape, int classes, bool interval)
{
    /// <summary>The name of the embedding of t - r, which only a mean-flow network has.</summary>
    internal const string IntervalEmbedding = "r_embedder";

    // Measured at widths 96 and 192: half and twice this number are equally fast, a whole batch of 4,096 is a fifth slower.
    private const long TokensAtOnce = 1024;

    /// <summary>The sizes of the network.</summary>
    public abstract GeneratorNetworkOptions Options { get; }

    /// <summary>The number of tokens of a latent.</summary>
    public abstract long Tokens { get; }

    /// <summary>The shape of the latents.</summary>
    public LatentShape Shape { get; } = shape;

    /// <summary>The number of classes, without the null class.</summary>
    public int Classes { get; } = classes;

    /// <summary>Whether the network takes two times, r and t: an average velocity. Otherwise it takes t alone.</summary>
    public bool Interval { get; } = interval;

    /// <summary>The network of given sizes.</summary>
    public static GeneratorNetwork Create(GeneratorNetworkOptions options, LatentShape shape, int classes, bool interval) => options switch
    {
        DitOptions dit => new DitNetwork(dit, shape, classes, interval),
        PlainDitOptions plain => new PlainDit(plain, shape, classes, interval),
        _ => throw new NotSupportedException($"{options.GetType().Name} has no network"),
    };

    /// <summary>The same network with the interval embedding.</summary>
    public GeneratorNetwork WithInterval() => Create(Options, Shape, Classes, interval: true);

    /// <summary>The weights of the network.</summary>
    public abstract WeightSpec Declare();

    /// <summary>v(z, t, y), or u(z, t, t, y) of a mean-flow network: z [B, C, H, W], t [B], y int64 [B] → [B, C, H, W].</summary>
    public Tensor Velocity(Weights weights, Tensor z, Tensor t, Tensor y) =>
        Evaluate(weights, z, Interval ? zeros_like(t) : null, t, y);

    /// <summary>u(z, r, t, y), the average velocity from t back to r.</summary>
    public Tensor AverageVelocity(Weights weights, Tensor z, Tensor r, Tensor t, Tensor y) =>
        Evaluate(weights, z, t - r, t, y);

    /// <summary>The average velocity with its derivative along the tangents of z, r and t, which carries no gradient.</summary>
    public Dual AverageVelocity(Weights weights, Dual z, Dual r, Dual t, Tensor y) => Forward(weights, z, t - r, t, y, observe: null);

    /// <param name="span">t - r of a mean-flow network.</param>
    /// <param name="observe">Receives intermediate values by name, for comparisons with another implementation.</param>
    internal abstract Dual Forward(Weights weights, Dual z, Dual? span, Dual t, Tensor y, Action<string, Tensor>? observe);

    /// <summary>
    /// Evaluates a block. Its intermediate values are freed with it, except those that a gradient needs: reused memory is in the cache.
    /// </summary>
    private protected static Dual Block(Func<Dual, Dual, Dual> block, Dual x, Dual condition, Recomputation? recomputation)
    {
        using var scope = NewDisposeScope();
        if (recomputation is not null)
            return recomputation.Run(block, x, condition);
        var (primal, tangent) = block(x, condition);
        return new(primal.MoveToOuterDisposeScope(), tangent?.MoveToOuterDisposeScope());
    }

    /// <summary>The recomputation of the weights. A caller that differentiates by the input needs the whole graph.</summary>
    private protected static Recomputation? RecomputationOf(Weights weights, Dual z) =>
        is_grad_enabled() && !z.Primal.requires_grad ? weights.Recomputation : null;

    // Without gradients no intermediate values are kept, and a CPU is fastest if the working set stays in its cache.
    private Tensor Evaluate(Weights weights, Tensor z, Tensor? span, Tensor t, Tensor y)
    {
        Tensor Part(Tensor z, Tensor? span, Tensor t, Tensor y) =>
            Forward(weights, z, span is null ? default(Dual?) : new Dual(span, null), t, y, observe: null).Primal;
        if (is_grad_enabled())
            return Part(z, span, t, y);

        using var scope = NewDisposeScope();
        var samples = Math.Max(1, TokensAtOnce / Tokens);
        if (z.device_type != DeviceType.CPU || z.size(0) <= samples)
            return Part(z, span, t, y).MoveToOuterDisposeScope();
        var parts = new List<Tensor>();
        for (long start = 0; start < z.size(0); start += samples)
        {
            Tensor Some(Tensor all) => all.slice(0, start, Math.Min(z.size(0), start + samples), 1);
            parts.Add(Part(Some(z), span is null ? null : Some(span), Some(t), Some(y)));
        }
        return cat(parts).MoveToOuterDisposeScope();
    }
}
