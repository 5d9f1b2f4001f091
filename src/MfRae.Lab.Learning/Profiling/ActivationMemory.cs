using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// The memory of a training step in addition to weights, moments and frozen networks, in bytes: counted from the operations, without fitted
/// numbers. Not counted: the process itself, the copies of a checkpoint that is being written, and the blocks that an allocator keeps free.
/// </summary>
/// <param name="BatchSample">For each sample of the batch: its data, which are drawn for the whole batch.</param>
/// <param name="Sample">For each sample that is evaluated at once: the values that the backward pass reads.</param>
/// <param name="RecomputedSample">The same with recomputation; null for a network without recomputation.</param>
/// <param name="Casts">The weights in bfloat16, which the backward pass reads too.</param>
/// <param name="RecomputedCasts">The same with recomputation.</param>
public sealed record ActivationMemory(
    double BatchSample, double Sample, double? RecomputedSample = null, double Casts = 0, double RecomputedCasts = 0)
{
    // Of one sample of MeanFlow: its point, the two velocities, value, derivative, target and difference, the inputs and outputs of probes,
    // squares for both losses, and the gradients of these. Other objectives have fewer.
    private const double ObjectiveLatents = 16;
    private const double DrawnLatents = 2;
    private const double BytesPerValue = 4;

    /// <summary>The memory of a step of a network without a count of its operations.</summary>
    /// <param name="kept">Values that a sample keeps, estimated from the layers.</param>
    public static ActivationMemory Estimated(double kept) => new(0, BytesPerValue * kept);

    /// <summary>The memory of a step of a generator.</summary>
    /// <param name="narrow">Whether products are bfloat16.</param>
    /// <param name="fuses">Whether nothing forbids fused attention.</param>
    /// <param name="evaluations">Evaluations of a sample whose values are kept.</param>
    public static ActivationMemory Of(GeneratorNetwork network, bool narrow, bool fuses, double evaluations = 1)
    {
        var kept = DitActivations.Of(network, narrow, fuses);
        var latent = BytesPerValue * network.Shape.Dimension;
        // The backward pass holds the gradients of one block's values at a time.
        return new(
            DrawnLatents * latent,
            (evaluations * (kept.Blocks + kept.Outside)) + kept.LargestBlock + (ObjectiveLatents * latent),
            (evaluations * (kept.Inputs + kept.Outside)) + (2 * kept.LargestBlock) + (ObjectiveLatents * latent),
            narrow ? kept.Casts : 0,
            narrow ? kept.LargestCasts : 0);
    }

    /// <summary>The bytes of a step.</summary>
    /// <param name="samples">The samples that are evaluated at once.</param>
    public double Bytes(int batch, int samples, bool recompute) =>
        (batch * BatchSample) + (samples * (recompute ? RecomputedSample ?? Sample : Sample)) + (recompute ? RecomputedCasts : Casts);
}

/// <summary>The bytes that one evaluation of a generator for one sample keeps for its backward pass.</summary>
/// <param name="Blocks">All values of all blocks.</param>
/// <param name="Inputs">The inputs of the blocks alone.</param>
/// <param name="LargestBlock">The values of the largest block.</param>
/// <param name="Outside">The other layers: embeddings, the projection between trunk and head, and the last layer.</param>
/// <param name="Casts">The weights in bfloat16, of all samples together.</param>
/// <param name="LargestCasts">Those of the largest block.</param>
internal sealed record DitActivations(
    double Blocks, double Inputs, double LargestBlock, double Outside, double Casts, double LargestCasts)
{
    private const double Wide = 4;
    private const double Narrow = 2;

    public static DitActivations Of(GeneratorNetwork network, bool narrow, bool fuses) => network switch
    {
        DitNetwork dit => Of(dit, narrow, fuses),
        PlainDit plain => Of(plain, narrow, fuses),
        _ => throw new NotSupportedException($"{network.GetType().Name} has no count of its memory"),
    };

    private static DitActivations Of(PlainDit network, bool narrow, bool fuses)
    {
        var (options, tokens, width) = (network.Options, (double)network.Tokens, (double)network.Options.Width);
        double hidden = (long)(options.Width * options.MlpRatio), product = narrow ? Narrow : Wide;
        fuses &= Precision.IsFusedLength(network.Tokens);
        // As in a block of DiT^DH, without rotated queries and keys: the fused kernel keeps the layer's output and its own output. A norm keeps
        // its input and its output, the GELU its input, and the next layer the output of the GELU.
        var attention = product * ((4 * width) + (fuses ? 0 : options.Heads * tokens));
        var block = (tokens * ((Wide * 4 * width) + (product * 4 * width) + attention + (product * 2 * hidden))) + (product * 9 * width);
        // The patches of the latent, the tokens before the first block and the input, the output and the modulated output of the last norm.
        var outside = Wide * ((2 * network.Shape.Dimension) + (tokens * 3 * width) + (12 * width));
        return new(
            options.Depth * block, Wide * tokens * options.Depth * width, block, outside,
            Narrow * NetworkCost.Of(network.Declare()).Parameters, Narrow * ((10 * width * width) + (2 * width * hidden)));
    }

    private static DitActivations Of(DitNetwork network, bool narrow, bool fuses)
    {
        var (options, tokens) = (network.Options, (double)network.Shape.Tokens);
        var (channels, trunk, head) = ((double)network.Shape.Channels, (double)options.TrunkWidth, (double)options.HeadWidth);
        var product = narrow ? Narrow : Wide;
        fuses &= Precision.IsFusedLength(network.Shape.Tokens);
        var trunkBlock = Block(trunk, options.TrunkHeads, 1);
        var headBlock = Block(head, options.HeadHeads, tokens);
        // Both embeddings copy the latent; the trunk's output before and after SiLU and with time; the head's condition, its SiLU, the last
        // norm, its modulation and the output.
        var outside = Wide * tokens * ((4 * channels) + (3 * trunk) + (8 * head));
        return new(
            (options.TrunkDepth * trunkBlock) + (options.HeadDepth * headBlock),
            Wide * tokens * ((options.TrunkDepth * trunk) + (options.HeadDepth * head)),
            Math.Max(trunkBlock, headBlock),
            outside,
            Narrow * NetworkCost.Of(network.Declare()).Parameters,
            Narrow * Math.Max(Parameters(trunk), Parameters(head)));

        double Hidden(double width) => 2 * (long)(width * options.MlpRatio) / 3;

        // Of DitBlock.Forward, in the order of its operations.
        double Block(double width, double heads, double conditions)
        {
            // The block's input, the input of the second norm, and of both norms the normalised value and the output.
            var residual = Wide * 6 * width;
            // The inputs of the three linear layers before products, and the outputs of the two that a gate multiplies.
            var linear = product * 4 * width;
            // Rotated queries and keys. The fused kernel keeps the layer's output, of which the values are a part, and its own output. Separate
            // products keep a copy of the values, the attention weights, and the input of the next layer.
            var attention = product * (fuses ? 6 * width : (4 * width) + (heads * tokens));
            // Both halves of the first layer, the SiLU of the gate, and their product.
            var swiglu = product * 4 * Hidden(width);
            // The SiLU of the condition, six modulations, and 1 + scale twice.
            var modulation = product * 9 * width * conditions;
            return (tokens * (residual + linear + attention + swiglu)) + modulation;
        }

        double Parameters(double width) => (10 * width * width) + (3 * width * Hidden(width));
    }
}
