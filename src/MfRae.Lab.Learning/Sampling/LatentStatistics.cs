using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Sampling;

/// <summary>Mean and variance of each element of the latents, and the normalisation by them (docs/method.md §2).</summary>
/// <param name="Mean">float32 [C, H, W].</param>
/// <param name="Variance">float32 [C, H, W].</param>
public sealed record LatentStatistics(Tensor Mean, Tensor Variance, double Epsilon)
{
    /// <summary>The number of latents whose sums are added up at a time. It decides the last bits of the statistics.</summary>
    internal const long Block = 4096;

    private Tensor Deviation => (Variance + Epsilon).sqrt();

    /// <summary>The statistics whose normalisation changes nothing.</summary>
    public static LatentStatistics None(LatentShape shape) =>
        new(zeros(shape.Channels, shape.Rows, shape.Columns), ones(shape.Channels, shape.Rows, shape.Columns), 0);

    /// <summary>z ← (z - μ) / sqrt(var + ε).</summary>
    public Tensor Normalise(Tensor latents) => (latents - Mean) / Deviation;

    /// <summary>Normalises in place: a whole training set may fit into memory only once.</summary>
    public void NormaliseInPlace(Tensor latents) => latents.sub_(Mean).div_(Deviation);

    /// <summary>Normalised latents [B, C, H, W] → latents of the encoder.</summary>
    public Tensor Denormalise(Tensor latents) => (latents * Deviation) + Mean;

    /// <summary>The same statistics on a device.</summary>
    public LatentStatistics To(Device device) => new(Mean.to(device), Variance.to(device), Epsilon);

    /// <summary>The exact statistics of latents [N, C, H, W], in float64, by one pass for the mean and one for the variance.</summary>
    public static LatentStatistics Of(Tensor latents, double epsilon)
    {
        var count = latents.shape[0];
        return Of(latents.shape[1..], Blocks, epsilon);

        IEnumerable<Tensor> Blocks()
        {
            for (long start = 0; start < count; start += Block)
                yield return latents.slice(0, start, Math.Min(count, start + Block), 1);
        }
    }

    /// <summary>The exact statistics of latents that come in blocks [n, C, H, W], each of <see cref="Block"/> latents but the last.</summary>
    /// <param name="shape">[C, H, W].</param>
    /// <param name="blocks">Reads all blocks; called twice.</param>
    internal static LatentStatistics Of(IEnumerable<long> shape, Func<IEnumerable<Tensor>> blocks, double epsilon)
    {
        var count = 0L;
        var mean = zeros([.. shape], dtype: float64);
        var square = zeros_like(mean);
        foreach (var block in blocks())
        {
            using var scope = NewDisposeScope();
            mean.add_(block.to(float64).sum([0]));
            count += block.shape[0];
        }

        mean.div_(count);
        foreach (var block in blocks())
        {
            using var scope = NewDisposeScope();
            square.add_((block.to(float64) - mean).square().sum([0]));
        }

        return new(mean.to(float32), square.div_(count).to(float32), epsilon);
    }

    /// <summary>Writes the statistics to a safetensors file.</summary>
    /// <exception cref="DivergedException">A mean or a variance is NaN or infinite.</exception>
    public void Save(string path)
    {
        Finite.Require(Mean, "the means of the latents");
        Finite.Require(Variance, "the variances of the latents");
        Safetensors.Write(path, [("mean", Mean), ("variance", Variance)], new Dictionary<string, string>
        {
            ["type"] = "latent-statistics",
            ["epsilon"] = Epsilon.ToString("R", CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Reads a file that <see cref="Save"/> wrote, or RAE's statistics, a checkpoint with `mean` and `var`.</summary>
    /// <param name="epsilon">ε for files that do not state it.</param>
    /// <exception cref="LabException">The file is neither, or contains impossible values.</exception>
    public static LatentStatistics Load(string path, double epsilon = 1e-5)
    {
        var file = TensorFile.Open(path);
        if (file.Metadata.TryGetValue("epsilon", out var written)
            && !double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out epsilon))
        {
            throw new LabException($"{path} gives '{written}' for epsilon, not a number");
        }

        var variance = file.Tensors.ContainsKey("var") ? "var" : "variance";
        var statistics = new LatentStatistics(Element(file, "mean"), Element(file, variance), epsilon);
        return statistics.Variance.ge(0).all().item<bool>()
            ? statistics
            : throw new LabException($"{path} holds negative values in '{variance}': variances are needed");
    }

    // [C, H, W], also with a leading batch dimension.
    private static Tensor Element(TensorFile file, string name)
    {
        var value = file[name].to(float32);
        if (!Finite.IsFinite(value))
            throw new LabException($"{file.Path} holds NaN or infinite values in '{name}': compute the statistics again");
        return value.dim() == 4 && value.shape[0] == 1 ? value.squeeze(0)
            : value.dim() == 3 ? value
            : throw new LabException($"{file.Path} has a '{name}' of shape [{string.Join(", ", value.shape)}] where [C, H, W] is needed");
    }
}

/// <summary>
/// Mean and variance of each element of latents that come in batches and are not kept, in float64: the moments of each batch are merged
/// into those of the earlier batches (Chan, Golub and LeVeque 1983), which is exact even for a large mean.
/// </summary>
public sealed class LatentMoments(LatentShape shape)
{
    private readonly Tensor _mean = Zeros(shape);
    private readonly Tensor _squares = Zeros(shape);
    private long _count;

    /// <summary>Adds latents [B, C, H, W], on any device.</summary>
    public void Add(Tensor latents)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var wide = latents.cpu().to(float64);
        var added = wide.shape[0];
        var total = _count + added;
        var mean = wide.mean([0]);
        var apart = mean - _mean;
        _squares.add_((wide - mean).square().sum([0])).add_(apart.square() * ((double)_count * added / total));
        _mean.add_(apart * ((double)added / total));
        _count = total;
    }

    /// <summary>The statistics of all latents so far.</summary>
    public LatentStatistics Statistics(double epsilon) => new(_mean.to(float32), (_squares / _count).to(float32), epsilon);

    private static Tensor Zeros(LatentShape shape) => zeros(shape.Channels, shape.Rows, shape.Columns, dtype: float64);
}
