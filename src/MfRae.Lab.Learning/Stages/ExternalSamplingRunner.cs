using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Takes samples of another program, for each declared number of network evaluations, into the files that a <see cref="SamplingRunner"/>
/// writes, without latents. A program is started first, once for each of these numbers (<see cref="ExternalProgram"/>).
/// </summary>
internal sealed class ExternalSamplingRunner(ExternalSamplingStage stage) : IStage
{
    private const int SheetRows = 8;

    public void Run(StageContext context)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var dataset = DatasetFiles.Open(context, DatasetFiles.Train);
        var (shape, classes) = (dataset.Shape, (int)Math.Max(1, dataset.Classes));
        var noise = SampleNoise.Of(context, stage.Seed, set: 1, stage.BatchSize, stage.Labels, stage.NoiseFile);
        var labels = noise.Labels(stage.Samples, classes);
        var program = stage.External is CommandSamplesOptions command
            ? new ExternalProgram(context, command, stage.Samples, noise, labels, shape, classes)
            : null;
        foreach (var steps in stage.Steps)
        {
            using var one = NewDisposeScope();
            var name = Text(steps);
            if (!File.Exists(context.File(SampleFile.NameOf(name))))
                Take(context, program, steps, shape, labels, classes);
            using var images = Safetensors.Read(context.File(SampleFile.NameOf(name)))["images"];
            var file = $"sheet.{name}.png";
            var order = SampleDrawing.WriteSheet(context, noise, file, images, classes, SheetRows);
            context.Journal.Write(new ImageEvent(
                $"samples@{name}", file, $"{name} network {(steps == 1 ? "evaluation" : "evaluations")} a sample, as declared{order}"));
        }

        program?.Clear();
    }

    private void Take(StageContext context, ExternalProgram? program, int steps, ImageShape shape, Tensor labels, int classes)
    {
        var (path, range) = (stage.External, program) switch
        {
            (CommandSamplesOptions command, { } started) => (started.Run(steps), command.Range),
            (FileSamplesOptions files, _) => (context.Resolve(files.At(steps)), files.Range),
            _ => throw new NotSupportedException($"{stage.External.GetType().Name} has no source of samples"),
        };
        using var source = ExternalImages.Open(path, shape, range, context.ReadingThreads());
        if (source.Count < stage.Samples)
            throw new LabException(FormattableString.Invariant($"{path} has {source.Count} samples, but {stage.Samples} are needed"));
        var own = Labels(source, path, labels, classes, given: program is not null);
        // Samples of an interrupted attempt may be those of another execution of the program.
        foreach (var left in Directory.EnumerateFiles(context.Folder, "checkpoint.samples.*"))
            File.Delete(left);
        using var samples = new SampleFile(
            context, Text(steps), stage.BatchSize, [stage.Samples, shape.Channels, shape.Rows, shape.Columns], own, [0, 1, 1, 1],
            new Dictionary<string, string> { [SamplingRunner.GuidanceEntry] = "1", [SamplingRunner.LabelsEntry] = stage.Labels });
        context.EachBatch(0, stage.Samples, stage.BatchSize, "sample", (start, indices) =>
            samples.Add(source.Bytes(start, start + indices.shape[0]), zeros(indices.shape[0], 1, 1, 1)));
        samples.Complete();
    }

    /// <summary>The labels in the source; without these, the labels by the label protocol.</summary>
    private Tensor Labels(ExternalImages source, string path, Tensor labels, int classes, bool given)
    {
        if (source.Labels is not { } found)
            return labels;
        var first = found.slice(0, 0, stage.Samples, 1).contiguous();
        if (given && !first.equal(labels).all().item<bool>())
            throw new LabException($"{path} has other labels than the program was given: image i must have the label in line i of {ExternalProgram.LabelsVariable}");
        var (low, high) = (first.min().item<long>(), first.max().item<long>());
        return low >= 0 && high < classes
            ? first
            : throw new LabException(FormattableString.Invariant($"{path} has labels from {low} to {high}, but the dataset has the classes 0 to {classes - 1}"));
    }

    private static string Text(int steps) => steps.ToString(CultureInfo.InvariantCulture);
}
