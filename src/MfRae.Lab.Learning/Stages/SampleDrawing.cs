using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// What stages that draw samples share: decoder, statistics of latents, noise and labels. Noise and labels depend on the seed and the size
/// of batches alone, so whoever draws by them starts from the same ones.
/// </summary>
/// <param name="protocol">How labels are drawn: balanced or random.</param>
internal sealed class SampleDrawing(StageContext context, int seed, int batchSize, string protocol) : IDisposable
{
    // More columns than these are not classes side by side any more.
    private const int MostColumns = 20;

    private const int SheetColumns = 8;

    private readonly (IDecoder Network, Weights Weights) _decoder =
        NetworkFiles.LoadDecoder(Path.Combine(context.Input(StageInput.Decoder), NetworkFiles.Decoder), context.Device());

    private readonly LatentStatistics _statistics =
        LatentStatistics.Load(Path.Combine(context.Input(StageInput.Latents), LatentRunner.Statistics)).To(context.Device());

    private readonly RandomSource _random = new(seed, context.Device());

    public IDecoder Decoder => _decoder.Network;

    /// <summary>How many columns a sheet has: one for each class, or a fixed number where they are too many.</summary>
    public static int Columns(long classes) => classes <= MostColumns ? (int)classes : SheetColumns;

    /// <summary>int64 [count]; balanced ones go round.</summary>
    public Tensor Labels(int count, int classes) => protocol == "random"
        ? new RandomSource(seed, CPU).Integers("sample labels", 0, classes, count)
        : arange(count, dtype: int64).remainder(classes);

    /// <summary>Images uint8 [N, C, H, W] on the CPU for these labels.</summary>
    /// <param name="what">Is counted in the progress of the stage.</param>
    /// <param name="drawn">Sees the latents of each batch, and the number of its first sample.</param>
    public Tensor Draw(
        FewStepGenerator generator, LatentShape shape, Tensor labels, int steps, string what, Action<long, Tensor>? drawn = null) =>
        context.InBatches(labels.shape[0], batchSize, what, indices =>
        {
            var start = indices[0].item<long>();
            var noise = _random.Normal("sample noise", start / batchSize, indices.shape[0], shape.Channels, shape.Rows, shape.Columns);
            var latents = generator.Sample(noise, labels.index_select(0, indices).to(context.Device()), steps);
            drawn?.Invoke(start, latents);
            return LabeledImages.ToBytes(_decoder.Network.Decode(_decoder.Weights, _statistics.Denormalise(latents)));
        });

    public void Dispose() => _decoder.Weights.Dispose();

    /// <summary>
    /// Writes the first so many rows of images as a sheet. Balanced labels go round, so with few classes a row holds one sample of each.
    /// </summary>
    /// <returns>What to say of it beside what it shows, or the empty string.</returns>
    public string WriteSheet(string file, Tensor images, int classes, int rows)
    {
        var columns = Columns(classes);
        ImageSheet.Write(context.File(file), images.slice(0, 0, Math.Min(images.shape[0], rows * columns), 1), columns);
        return protocol == "random" ? "; random classes" : columns == classes ? "; columns are classes" : "";
    }
}
