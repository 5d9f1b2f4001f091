using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Draws samples of a network of the store and writes them to files, without a stage. By default, sample i starts from the noise of sample i of
/// the run; without chosen classes it also has its label, and is the same sample.
/// </summary>
/// <param name="request">What to draw.</param>
/// <param name="progress">Called with the number of samples that are drawn.</param>
public sealed class GeneratorSamples(GeneratorSamplesRequest request, Action<long> progress)
{
    /// <summary>The forms of the files.</summary>
    public static readonly IReadOnlyList<string> Forms = ["png", "grid", "npz"];

    private const int MostOfClassColumns = 20;

    /// <summary>Draws the samples and writes them.</summary>
    /// <returns>The paths of the files.</returns>
    /// <exception cref="LabException">A file is missing or does not fit, or a class does not exist.</exception>
    public IReadOnlyList<string> Write(string folder, string form, CancellationToken stop)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var context = Context(stop);
        var (network, weights) = Load(context);
        using var loaded = weights;
        var sampling = request.Sampling;
        var noise = SampleNoise.Of(context, sampling.Seed, sampling.NoiseSet, sampling.BatchSize, sampling.Labels, sampling.NoiseFile);
        using var drawing = new SampleDrawing(context, noise, sampling.Bytes);
        var generator = SamplingRunner.Generator(sampling, network, weights);
        var labels = Labels(noise, network.Classes);
        var images = context.InBatches(
            request.Count, sampling.BatchSize, "sample", indices => drawing.Draw(generator, network.Shape, labels, indices, request.Steps).Images);
        return Write(folder, form, images, labels);
    }

    private List<string> Write(string folder, string form, Tensor images, Tensor labels)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var numbers = labels.data<long>().ToArray();
            switch (form)
            {
                case "npz":
                    var archive = Path.Combine(folder, "samples.npz");
                    Npz.Write(archive, [("arr_0", StoredTensor.Of(images.permute(0, 2, 3, 1).contiguous())), ("arr_1", StoredTensor.Of(labels.contiguous()))]);
                    return [archive];
                case "grid":
                    var sheet = Path.Combine(folder, "samples.png");
                    var columns = request.Classes.Count is > 1 and <= MostOfClassColumns ? request.Classes.Count
                        : request.Classes.Count == 0 ? SampleDrawing.Columns(numbers.Max() + 1) : SampleDrawing.SheetColumns;
                    ImageSheet.Write(sheet, images, Math.Min(columns, request.Count));
                    var full = Path.ChangeExtension(sheet, ".full.png");
                    return File.Exists(full) && PngText.Of(File.ReadAllBytes(sheet), PngText.FullSize) is not null ? [sheet, full] : [sheet];
                default:
                    var files = new List<string>();
                    for (var i = 0; i < request.Count; i++)
                    {
                        files.Add(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{i:D6}-class{numbers[i]}.png")));
                        ImageSheet.Write(files[^1], images.narrow(0, i, 1), 1);
                    }

                    return files;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{folder}: cannot write the samples: {e.Message}", e);
        }
    }

    private (GeneratorNetwork Network, Weights Weights) Load(StageContext context)
    {
        GeneratorNetwork network;
        if (request.Start is { } start)
        {
            var (like, first) = NetworkFiles.LoadGenerator(start, CPU);
            first.Dispose();
            network = request.Interval ? like.WithInterval() : like;
        }
        else if (request.Options is { } options)
        {
            var (shape, classes) = GeneratorTraining.Latents(context);
            network = GeneratorNetwork.Create(options, shape, classes, request.Interval);
        }
        else
        {
            return NetworkFiles.LoadGenerator(request.Network, context.Device());
        }

        var weights = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), context.Device());
        Checkpoint.CopyAverage(request.Network, weights);
        return (network, weights);
    }

    private Tensor Labels(SampleNoise noise, int classes)
    {
        if (request.Classes.Where(label => label >= classes).Select(label => (int?)label).FirstOrDefault() is { } unknown)
        {
            throw new LabException(string.Create(
                CultureInfo.InvariantCulture, $"class {unknown}: the network has {classes} classes, 0 to {classes - 1}"));
        }

        if (request.Classes.Count > 0)
            return tensor(Enumerable.Range(0, request.Count).Select(i => (long)request.Classes[i % request.Classes.Count]).ToArray());
        // The order of permuted labels depends on the number of all samples.
        var all = request.Sampling.Labels == SamplingOptions.PermutedLabels ? Math.Max(request.Count, request.Sampling.Samples) : request.Count;
        return noise.Labels(all, classes).slice(0, 0, request.Count, 1);
    }

    private StageContext Context(CancellationToken stop)
    {
        var node = new StageNode("", "sampling", "the samples", request.Sampling, request.Seed, new Dictionary<string, string>());
        var inputs = new Dictionary<string, string> { [StageInput.Decoder] = request.DecoderFolder, [StageInput.Latents] = request.LatentsFolder };
        if (request.DatasetFolder is { } dataset)
            inputs[StageInput.Dataset] = dataset;
        return new(
            new(node, inputs, request.WorkingDirectory, 1, new(Device: request.Device)), request.WorkingDirectory, new ProgressOnly(progress), TimeProvider.System, stop);
    }

    private sealed class ProgressOnly(Action<long> progress) : IJournal
    {
        public void Write(JournalEvent entry)
        {
            if (entry is ProgressEvent drawn)
                progress(drawn.Step);
        }

        public void Flush()
        {
        }
    }
}

/// <summary>The samples to draw.</summary>
/// <param name="Sampling">How the run samples: noise, labels, solver, grid and bytes. Its numbers of samples and steps are not used.</param>
/// <param name="Seed">The seed of the stage, or null if the definition has it.</param>
/// <param name="Network">The file of the network, or the folder of a training with a checkpoint.</param>
/// <param name="Start">For a checkpoint: the file of the network that the training started from; otherwise null.</param>
/// <param name="Options">For a checkpoint of a training that started from random weights: the network; otherwise null.</param>
/// <param name="Interval">For a checkpoint: whether it is a mean-flow network.</param>
/// <param name="DecoderFolder">The folder of the decoder stage.</param>
/// <param name="LatentsFolder">The folder of the latents stage.</param>
/// <param name="DatasetFolder">The folder of the dataset stage, or null.</param>
/// <param name="Steps">The number of steps.</param>
/// <param name="Count">The number of samples.</param>
/// <param name="Classes">The classes, in turns; empty: the labels of the run.</param>
/// <param name="WorkingDirectory">The folder that relative paths in options start from.</param>
/// <param name="Device">auto, cpu, cuda or cuda:N.</param>
public sealed record GeneratorSamplesRequest(
    SamplingStage Sampling,
    long? Seed,
    string Network,
    string? Start,
    GeneratorNetworkOptions? Options,
    bool Interval,
    string DecoderFolder,
    string LatentsFolder,
    string? DatasetFolder,
    int Steps,
    int Count,
    IReadOnlyList<int> Classes,
    string WorkingDirectory,
    string Device);
