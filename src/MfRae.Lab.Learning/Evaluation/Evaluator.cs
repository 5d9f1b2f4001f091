using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Compares images with images or with statistics, in the features of one or more networks.</summary>
public sealed class Evaluator(EvaluationRequest request, IEvaluationProgress progress, CancellationToken stop)
{
    /// <summary>Runs the evaluation. The same request gives the same numbers.</summary>
    /// <exception cref="RequestException">The inputs lack something that the request needs.</exception>
    /// <exception cref="IncomparableException">Samples and reference are not of the same network and preprocessing.</exception>
    /// <exception cref="LabException">A file is missing or damaged, or the device is not there.</exception>
    /// <exception cref="OperationCanceledException">The evaluation was stopped; with a cache, the next one continues from
    /// there.</exception>
    public EvaluationResult Run()
    {
        OpenMp.LimitSpinning();
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var threads = System.Environment.ProcessorCount;
        ComputeDevice.Prepare(threads);
        var device = ComputeDevice.Resolve(request.Device);
        var save = request.SaveStatistics is { } path
            ? new StatisticsTarget(Path.GetFullPath(path, request.WorkingDirectory), request.Layout)
            : null;

        var sets = new ImageSets(request.Crop, threads, progress, stop);
        EvaluationInput Open(string given) => EvaluationInput.Open(given, request.WorkingDirectory, sets);
        // Weights come first: without them there is no point in reading the images.
        foreach (var choice in request.Features)
            FeatureNetworks.CheckWeights(choice, request.WorkingDirectory);
        using var samples = Open(request.Samples);
        var sampled = samples.NeedImages("samples");
        using var reference = Open(request.Reference);
        if (reference.Statistics is null)
            reference.NeedImages("the reference");
        if (ClassMatch.Ambiguity(sampled, reference.Images) is { } order)
            progress.Say(order);
        using var train = request.Train is { } given ? Open(given) : null;

        var choices = request.Features.Count > 0 ? request.Features : [Usual(sampled.Images.Shape)];
        var training = train?.NeedImages("training images");
        SpaceEvaluator Space(FeatureChoice choice, IFeatureNetwork network, FeatureCache? cache) =>
            new(request, choice, network, new(network, choice.Name, cache, request.Batch, progress, stop), progress, stop);
        // Metrics that the last network cannot compute are found before the first network processes all images.
        foreach (var choice in choices.Skip(1))
        {
            using var network = FeatureNetworks.Open(choice, request.WorkingDirectory, device);
            Space(choice, network, null).Check(sampled, reference, training);
        }

        var spaces = new List<EvaluatedSpace>();
        foreach (var choice in choices)
        {
            using var network = FeatureNetworks.Open(choice, request.WorkingDirectory, device);
            var cache = request.Cache is { } folder ? new FeatureCache(folder, progress) : null;
            spaces.Add(Space(choice, network, cache).Run(sampled, reference, training, spaces.Count == 0 ? save : null));
        }

        return new(Described(sampled), train is null ? null : Described(train.Images!), spaces, EvaluationVersions.Of(device.ToString()));
    }

    private static EvaluatedImages Described(ImageSet set) =>
        new(set.Path, set.Hash, set.Count, set.Images.Shape.ToString(), set.Classes?.Count ?? 0, set.PassedOver);

    private static FeatureChoice Usual(ImageShape image) => new(
        image with { Channels = 1 } == ImageShape.Mnist ? FeatureChoice.Embedded : FeatureChoice.Inception,
        null, FeatureChoice.Resizings[0], 0, [0, 0, 0], [1, 1, 1]);
}

/// <summary>The inputs and options of an evaluation.</summary>
/// <param name="Samples">A folder, a file or a name; see <see cref="EvaluationPath"/>.</param>
/// <param name="Reference">A folder, a file or a name, also a file of statistics.</param>
/// <param name="Train">Training images, for memorisation and the floor of FID; or null.</param>
/// <param name="Features">Networks, in the order of the result; empty: the network that suits the images.</param>
/// <param name="Metrics">Names of metrics; empty: all that can be computed.</param>
/// <param name="Cache">Folder of the feature cache; null: no cache.</param>
/// <param name="Device">auto, cpu, cuda or cuda:N.</param>
/// <param name="Batch">Images in a batch; 0: the batch size that suits the network.</param>
/// <param name="Crop">Side of the square that images of folders are cropped to, as ADM does; 0: no cropping.</param>
/// <param name="Draws">Resamples behind each interval; 0: no intervals.</param>
/// <param name="Seed">The seed of the noise of the corruption ladder.</param>
/// <param name="Ladder">Whether to corrupt the reference step by step and check that FID rises.</param>
/// <param name="SaveStatistics">The file for the statistics of the samples, or null.</param>
/// <param name="Layout">The layout of that file; null: the layout that suits its name.</param>
/// <param name="InceptionScoreForm">One of <see cref="EvaluationNames.InceptionScoreForms"/>.</param>
/// <param name="InceptionScoreSplits">The number of parts of the samples; ADM's form ignores it.</param>
public sealed record EvaluationRequest(
    string WorkingDirectory,
    string Samples,
    string Reference,
    string? Train,
    IReadOnlyList<FeatureChoice> Features,
    IReadOnlyList<string> Metrics,
    string? Cache,
    string Device,
    int Batch,
    int Crop,
    int Draws,
    long Seed,
    bool Ladder,
    string? SaveStatistics,
    string? Layout,
    string InceptionScoreForm,
    int InceptionScoreSplits);

/// <summary>Receives the progress of an evaluation. Calls come one at a time, from the evaluating thread.</summary>
public interface IEvaluationProgress
{
    /// <summary>Progress of a part of the evaluation.</summary>
    /// <param name="what">The current work, as `inception features of samples`.</param>
    void Step(string what, long done, long total);

    /// <summary>A line for the user.</summary>
    void Say(string line);
}

/// <summary>The inputs of a request lack something that it needs.</summary>
public sealed class RequestException(string message) : Exception(message);

/// <summary>Two sets of features have different identities, so that a distance between them would mean nothing.</summary>
/// <param name="one">One side, in words.</param>
/// <param name="other">The opposite side, in words.</param>
public sealed class IncomparableException(string one, string other, IReadOnlyList<IdentityConflict> conflicts)
    : Exception($"{one} and {other} are not comparable: {string.Join("; ", conflicts.Select(Text))}")
{
    /// <summary>Every field that differs.</summary>
    public IReadOnlyList<IdentityConflict> Conflicts { get; } = conflicts;

    private static string Text(IdentityConflict conflict) => $"{conflict.Field} is '{conflict.One}' and '{conflict.Other}'";
}
