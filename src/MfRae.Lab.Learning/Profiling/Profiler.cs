using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// The cost of the networks of an experiment, before any training: counted from the declarations of the networks, without the files that
/// the options name and without tensors.
/// </summary>
public static class Profiler
{
    /// <summary>One profile for each arm, in the order of the experiment.</summary>
    public static IReadOnlyList<ArmProfile> Profile(Experiment experiment, string workingDirectory) =>
        [.. experiment.Arms.Select(arm => Profile(arm, new ArmNetworks(arm.Options, workingDirectory)))];

    /// <summary>The training stages of each arm on one card, in the order of the experiment.</summary>
    /// <param name="memory">The bytes of the card.</param>
    public static IReadOnlyList<(string Arm, IReadOnlyList<CardPlan> Stages)> Plan(Experiment experiment, string workingDirectory, double memory) =>
        [.. experiment.Arms.Select(arm => (arm.Name, Plan(arm, new ArmNetworks(arm.Options, workingDirectory), memory)))];

    private static ArmProfile Profile(Arm arm, ArmNetworks networks)
    {
        var options = arm.Options;
        var latent = networks.Shape is { } shape
            ? new LatentProfile(shape, options.Latents.CacheName(), networks.TrainingImages)
            : null;
        return new(
            arm.Name, latent, [.. Components(networks)], options.Study is null ? [.. Sampling(options.Sampling, networks)] : [],
            [.. new TrainingCosts(options, networks).All()], networks.Notes);
    }

    private static IReadOnlyList<CardPlan> Plan(Arm arm, ArmNetworks networks, double memory)
    {
        var precisions = CardPlan.Speeds.Select(speed => new TrainingCosts(arm.Options, networks, speed.Precision).All().ToList()).ToList();
        return [.. new TrainingCosts(arm.Options, networks).All()
            .Select((own, i) => CardPlan.Of(own, [.. precisions.Select(stages => stages[i])], memory))];
    }

    private static IEnumerable<ComponentProfile> Components(ArmNetworks networks)
    {
        if (networks.Encoder is { } encoder)
            yield return new("encoder", NetworkText.Of(encoder), NetworkCost.Of(encoder.Declare()));
        if (networks.Decoder is { } decoder)
            yield return new("decoder", NetworkText.Of(decoder), NetworkCost.Of(decoder.Declare()));
        if (networks.Teacher is { } teacher)
            yield return new("teacher", NetworkText.Of(teacher), NetworkCost.Of(teacher.Declare()));
        if (networks.Generator is { } generator)
            yield return new("generator", NetworkText.Of(generator), NetworkCost.Of(generator.Declare()));
    }

    private static IEnumerable<SamplingProfile> Sampling(SamplingOptions options, ArmNetworks networks)
    {
        if (networks.Decoder is not { } decoder)
            yield break;
        var resolved = SamplingDefaults.Resolve(options);
        if (networks.Generator is { } generator)
        {
            foreach (var steps in resolved.Steps!)
                yield return new("generator", SamplingCost.Of(generator, decoder, steps, resolved.TeacherSolver, guidance: null));
        }

        if (networks.Teacher is { } teacher)
        {
            foreach (var steps in resolved.TeacherSteps!)
                yield return new("teacher", SamplingCost.Of(teacher, decoder, steps, resolved.TeacherSolver, resolved.Guidance));
        }
    }
}

/// <summary>The cost of the networks of one arm.</summary>
/// <param name="Latent">Null for an encoder of unknown size.</param>
/// <param name="Notes">Unknown sizes, and assumptions.</param>
public sealed record ArmProfile(
    string Arm,
    LatentProfile? Latent,
    IReadOnlyList<ComponentProfile> Components,
    IReadOnlyList<SamplingProfile> Sampling,
    IReadOnlyList<TrainingProfile> Training,
    IReadOnlyList<string> Notes);

/// <summary>Size of the latents that generators are trained on.</summary>
/// <param name="Cache">memory, disk or none.</param>
/// <param name="TrainingImages">The number of training images; null where the dataset is missing.</param>
public sealed record LatentProfile(LatentShape Shape, string Cache, long? TrainingImages)
{
    private const int BytesPerValue = 4;

    /// <summary>s of docs/method.md §1.</summary>
    public double TimeShift => Paths.TimeShift.For(Shape).Scale;

    /// <summary>The bytes of one latent.</summary>
    public long BytesEach => Shape.Dimension * BytesPerValue;

    /// <summary>The bytes of the latents of the whole training set, whether they are kept or not.</summary>
    public long? BytesOfAll => TrainingImages * BytesEach;
}

/// <summary>One network of an arm.</summary>
/// <param name="Name">encoder, decoder, teacher or generator.</param>
/// <param name="Network">The network in words.</param>
public sealed record ComponentProfile(string Name, string Network, NetworkCost Cost);

/// <summary>The cost of one generated image.</summary>
/// <param name="Sampler">teacher or generator.</param>
public sealed record SamplingProfile(string Sampler, SamplingCost Cost);

/// <summary>Networks in words: kind, width × depth.</summary>
internal static class NetworkText
{
    public static string Of(IEncoder encoder) => encoder switch
    {
        VitEncoder vit => $"ViT {vit.Options.Width} × {vit.Options.Depth}",
        Dinov2Encoder dinov2 => $"DINOv2 {dinov2.Options.HiddenSize} × {dinov2.Options.Layers}",
        AutoencoderKlEncoder autoencoder => $"KL autoencoder {autoencoder.Options.Channels} × {Text(autoencoder.Options)}, encoder",
        PixelEncoder => "pixels",
        _ => encoder.GetType().Name,
    };

    public static string Of(IDecoder decoder) => decoder switch
    {
        RaeDecoder rae => $"ViT {rae.Options.Width} × {rae.Options.Depth} and convolutions",
        MaeDecoder mae => $"MAE ViT {mae.Options.HiddenSize} × {mae.Options.Layers}",
        AutoencoderKlDecoder autoencoder => $"KL autoencoder {autoencoder.Options.Channels} × {Text(autoencoder.Options)}, decoder",
        PixelDecoder => "pixels",
        _ => decoder.GetType().Name,
    };

    private static string Text(AutoencoderKlOptions options) => $"[{string.Join(", ", options.Multipliers)}]";

    public static string Of(GeneratorNetwork network) => network.Options switch
    {
        DitOptions dit => $"DiT^DH {dit.TrunkWidth} × {dit.TrunkDepth} + {dit.HeadWidth} × {dit.HeadDepth}",
        PlainDitOptions plain => $"DiT {plain.Width} × {plain.Depth}, patches of {plain.Patch}",
        _ => network.GetType().Name,
    } + (network.Interval ? ", with interval" : "");
}

/// <summary>
/// Floating-point operations of a plan's stages, for their records: two for each multiply-add that <see cref="Profiler"/> counts.
/// Training is steps × the cost of a step, including probes of the estimator and evaluations of the teacher; sampling is images × the
/// cost of the evaluations and of the decoding. The optimizer and all work outside networks are not counted.
/// </summary>
public static class StageFlops
{
    private const double PerMultiplyAdd = 2;

    /// <summary>Stage key → operations of the whole stage. Stages without a cost model are left out.</summary>
    public static IReadOnlyDictionary<string, double> Of(Plan plan, string workingDirectory)
    {
        var flops = new Dictionary<string, double>();
        IReadOnlyDictionary<string, ArmProfile> profiles;
        try
        {
            profiles = Profiler.Profile(plan.Experiment, workingDirectory).ToDictionary(profile => profile.Arm);
        }
        catch (LabException)
        {
            // A weights file cannot be read. The stage that needs it reports the error; a missing estimate must not stop the run.
            return flops;
        }

        var nodes = plan.Stages.ToDictionary(stage => stage.Key);
        foreach (var run in plan.Runs)
        {
            var profile = profiles[run.Arm];
            foreach (var training in profile.Training.Where(training => run.Stages.ContainsKey(training.Stage)))
                flops[run.Stages[training.Stage]] = PerMultiplyAdd * training.Steps * training.Step.Total;
            foreach (var role in NoiseSets.Roles(run.Stages, "sampling"))
                AddSampling(role, "generator");
            AddSampling("teacherSampling", "teacher");
            var steps = profile.Sampling.Where(sampling => sampling.Sampler == "teacher").ToList();
            foreach (var role in NoiseSets.Roles(run.Stages, StageInput.EndPoints))
            {
                if (nodes[run.Stages[role]].Definition is EndPointStage ends && steps.Count > 0)
                    flops[run.Stages[role]] = PerMultiplyAdd * ends.Samples * steps[^1].Cost.Generate.Total;
            }

            void AddSampling(string role, string sampler)
            {
                var image = profile.Sampling.Where(sampling => sampling.Sampler == sampler).Sum(sampling => sampling.Cost.Image.Total);
                if (image > 0 && run.Stages.TryGetValue(role, out var key) && nodes[key].Definition is SamplingStage stage)
                    flops[key] = PerMultiplyAdd * stage.Samples * image;
            }
        }

        return flops;
    }
}
