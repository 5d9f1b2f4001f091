using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Compares images with images or with statistics, in the features of one network or of several.</summary>
public sealed class Evaluator(EvaluationRequest request, IEvaluationProgress progress, CancellationToken stop)
{
    /// <summary>The same request gives the same numbers.</summary>
    /// <exception cref="RequestException">The request asks for what its inputs cannot give.</exception>
    /// <exception cref="IncomparableException">Samples and reference are not of the same network and preprocessing.</exception>
    /// <exception cref="LabException">A file is missing or damaged, or the device is not there.</exception>
    /// <exception cref="OperationCanceledException">The evaluation was stopped; with a cache, the next one goes on from there.</exception>
    public EvaluationResult Run()
    {
        ThreadWaiting.Calm();
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
        // Weights are looked for first: without them nothing else is worth reading.
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
        // What the last network cannot give is found before the first one sees all images.
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
