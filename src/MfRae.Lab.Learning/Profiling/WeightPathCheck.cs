using System.Runtime.CompilerServices;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// Checks that the paths of released weights in options lead to their networks: `PATH` to a network at the top of a file, `PATH::NAME` to
/// a network in a dictionary. Reads only names and shapes, so a file of gigabytes takes no longer than a small one.
/// </summary>
public static class WeightPathCheck
{
    private const int Shown = 5;
    private const string Teacher = "teacher.weights";

    // Only mean-flow networks embed the interval.
    private const string MeanFlow = GeneratorNetwork.IntervalEmbedding + ".mlp.0.weight";

    // The names of a network do not depend on its latents.
    private static readonly LatentShape AnyShape = new(8, 4, 4);

    // The names of Hugging Face, and those of the release and of timm.
    private static readonly IReadOnlyList<IReadOnlyCollection<string>> Dinov2 =
        [["embeddings.patch_embeddings.projection.weight"], ["patch_embed.proj.weight"]];

    // The first and the last layer have one name in all published files.
    private static readonly IReadOnlyList<IReadOnlyCollection<string>> Autoencoder = [["encoder.conv_in.weight", "decoder.conv_out.weight"]];

    private static readonly IReadOnlyList<IReadOnlyCollection<string>> Means = [["mean"]];

    /// <summary>A mistake for each path without its network. Their stages report files that cannot be opened.</summary>
    public static IReadOnlyList<Diagnostic> Diagnose(Experiment experiment, string workingDirectory)
    {
        // A file of the lab describes its network and has it at the top: without `::`, torch is not loaded, which saves half a second.
        var paths = experiment.Arms.SelectMany(arm => Paths(arm.Options))
            .Concat(Paths("evaluation.features.weights", experiment.Evaluation.Features))
            .Concat(Paths("evaluation.secondFeatures.weights", experiment.Evaluation.SecondFeatures))
            .DistinctBy(path => (path.Option, path.Weights))
            .Where(path => WeightPath.FileOf(path.Weights) != path.Weights
                || (path.Names is not null && DescribesNoNetwork(path.Weights, workingDirectory))).ToList();
        return [.. paths.Select(path => DiagnosePath(experiment.Path, path, workingDirectory)).OfType<Diagnostic>()];
    }

    // The stage reports a damaged safetensors file; other formats need torch.
    private static bool DescribesNoNetwork(string weights, string workingDirectory) =>
        WeightsHeader.Read(weights, workingDirectory) is { } header
            ? header.Type is null
            : !weights.EndsWith(".safetensors", StringComparison.Ordinal);

    private static Diagnostic? DiagnosePath(string file, OptionPath path, string workingDirectory)
    {
        var weights = WeightPath.FileOf(path.Weights);
        var full = Path.GetFullPath(weights, workingDirectory);
        if (!File.Exists(full) || (weights != path.Weights && File.Exists(Path.GetFullPath(path.Weights, workingDirectory))))
            return null;
        using var scope = NewDisposeScope();
        TensorFile whole;
        try
        {
            whole = TensorFile.Open(full);
        }
        catch (LabException)
        {
            return null;
        }

        var dictionary = weights == path.Weights ? "" : path.Weights[(weights.Length + WeightPath.Inside.Length)..];
        var known = path.Names?.Invoke() ?? [];
        if (known.Any(names => Holds(whole, dictionary, names)))
            return path.Option == Teacher && Holds(whole, dictionary, [MeanFlow]) ? Misplaced(file, path) : null;
        string[] others = [.. known.SelectMany(names => Places(whole, names)).Distinct()];
        if (others.Length > 0)
        {
            return new(file, 0, path.Option,
                dictionary.Length == 0
                    ? $"the network is not at the top of {weights} but in a dictionary"
                    : $"the network is not in the dictionary '{dictionary}' of {weights}",
                "write " + string.Join(" or ", others.Take(Shown).Select(other => $"`{weights}{(other.Length > 0 ? WeightPath.Inside : "")}{other}`")));
        }
        return dictionary.Length == 0 || whole.Tensors.Keys.Any(name => name.StartsWith(dictionary + ".", StringComparison.Ordinal))
            ? null
            : new(file, 0, path.Option, $"{weights} holds no dictionary '{dictionary}' with tensors", Suggestion(whole, weights));
    }

    // A mean-flow network has all tensors of a velocity network, and more.
    private static Diagnostic Misplaced(string file, OptionPath path) => new(
        file, 0, path.Option, $"{path.Weights} contains a mean-flow network, but a teacher must be a velocity network",
        "name the weights of a teacher, or move the file to `meanflow` or `cmt` of kind pretrained");

    private static string Suggestion(TensorFile whole, string weights)
    {
        string[] dictionaries =
            [.. whole.Tensors.Keys.Where(name => name.Contains('.')).Select(name => name[..name.IndexOf('.')]).Distinct().Take(Shown)];
        return dictionaries.Length == 0
            ? $"its tensors are at the top: write `{weights}`"
            : $"write `{weights}`, or one of {string.Join(", ", dictionaries)} after {WeightPath.Inside}";
    }

    // The dictionaries that contain the network; the empty name is the top of the file.
    private static IEnumerable<string> Places(TensorFile whole, IReadOnlyCollection<string> names) =>
        Holds(whole, "", names) ? whole.Nesting(names).Prepend("") : whole.Nesting(names);

    private static bool Holds(TensorFile whole, string dictionary, IReadOnlyCollection<string> names)
    {
        var prefix = dictionary.Length == 0 ? "" : dictionary + ".";
        return names.All(name => whole.Tensors.ContainsKey(prefix + name));
    }

    private static IEnumerable<OptionPath> Paths(LabOptions options)
    {
        switch (options.Encoder)
        {
            case PretrainedEncoderOptions own:
                yield return new("encoder.weights", own.Weights, null);
                break;
            case Dinov2EncoderOptions dinov2:
                yield return new("encoder.weights", dinov2.Weights, () => Dinov2);
                break;
            case AutoencoderKlEncoderOptions autoencoder:
                yield return new("encoder.weights", autoencoder.Weights, () => Autoencoder);
                break;
        }
        if (options.Decoder is PretrainedDecoderOptions decoder)
        {
            yield return new("decoder.weights", decoder.Weights,
                decoder.Network is MaeDecoderOptions released ? () => Released.Decoder(released) : null);
        }
        if (options.Latents is PretrainedLatentOptions latents)
            yield return new("latents.weights", latents.Weights, WeightPath.FileOf(latents.Weights) == latents.Weights ? null : () => Means);
        foreach (var (stage, generator) in ((string, object)[])[("teacher", options.Teacher), ("cmt", options.Cmt), ("meanflow", options.MeanFlow)])
        {
            if (generator is IPretrainedGenerator pretrained)
            {
                yield return new(stage + ".weights", pretrained.Weights,
                    pretrained.Network is { } network ? () => Released.Generator(network, interval: stage != "teacher") : null);
            }
        }
    }

    private static IEnumerable<OptionPath> Paths(string option, FeatureOptions? features)
    {
        switch (features)
        {
            case PretrainedFeatureOptions own:
                yield return new(option, own.Weights, null);
                break;
            case FidInceptionOptions fid:
                yield return new(option, fid.Weights, () => Released.Inception());
                break;
            case Dinov2FeatureOptions dinov2:
                yield return new(option, dinov2.Weights, () => Dinov2);
                break;
        }
    }

    /// <summary>
    /// Names of the tensors of released networks, in separate methods: compiling a method that uses a network loads torch.
    /// </summary>
    private static class Released
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static IReadOnlyList<IReadOnlyCollection<string>> Decoder(MaeDecoderOptions options) => Of(new MaeDecoder(options, AnyShape).Declare());

        [MethodImpl(MethodImplOptions.NoInlining)]
        public static IReadOnlyList<IReadOnlyCollection<string>> Generator(GeneratorNetworkOptions options, bool interval) =>
            Of(GeneratorNetwork.Create(options, AnyShape, 1, interval).Declare());

        [MethodImpl(MethodImplOptions.NoInlining)]
        public static IReadOnlyList<IReadOnlyCollection<string>> Inception() => Of(FidInception.Declare());

        private static List<IReadOnlyCollection<string>> Of(WeightSpec spec) => [spec.PublishedNames];
    }

    /// <param name="Names">The names of the network's tensors, one list for each naming scheme; null where they are unknown.</param>
    private sealed record OptionPath(string Option, string Weights, Func<IReadOnlyList<IReadOnlyCollection<string>>>? Names);
}
