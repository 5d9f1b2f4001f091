using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Sampling;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// What the networks of an experiment cost, before anything is trained: counted from the declarations that the networks are built by,
/// without the files that the options name and without a tensor.
/// </summary>
public static class Profiler
{
    /// <summary>One profile for each arm, in the order of the experiment.</summary>
    public static IReadOnlyList<ArmProfile> Profile(Experiment experiment, string workingDirectory) =>
        [.. experiment.Arms.Select(arm => Profile(arm, new ArmNetworks(arm.Options, workingDirectory)))];

    private static ArmProfile Profile(Arm arm, ArmNetworks networks)
    {
        var options = arm.Options;
        var kept = options.Latents is not NoLatentOptions && !options.Latents.EncodesWhenDrawn();
        var latent = networks.Shape is { } shape
            ? new LatentProfile(shape, kept ? "memory" : "none", networks.TrainingImages)
            : null;
        return new(
            arm.Name, latent, [.. Components(networks)], options.Study is null ? [.. Sampling(options.Sampling, networks)] : [],
            [.. new TrainingCosts(options, networks).All()], networks.Notes);
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
