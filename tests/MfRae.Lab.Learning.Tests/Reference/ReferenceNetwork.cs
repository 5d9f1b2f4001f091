using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>A generator with the weights of a state file.</summary>
internal sealed record ReferenceNetwork(GeneratorNetwork Network, Weights Weights)
{
    // The pairs of entries that name a state file and the sizes of its network.
    private static readonly (string State, string Sizes)[] Entries =
        [("state", "hyper"), ("student_state", "student_hyper"), ("teacher_state", "teacher_hyper"), ("generator_state", "hyper")];

    public VelocityField Velocity => (z, t, y) => Network.Velocity(Weights, z, t, y);

    public AverageVelocityField AverageVelocity => (z, r, t, y) => Network.AverageVelocity(Weights, z, r, t, y);

    /// <param name="entry">The manifest's entry that names the state file; any manifest of its folder may give the sizes.</param>
    public static ReferenceNetwork Load(ReferenceManifest manifest, string entry, bool interval, ScalarType type)
    {
        var state = manifest.Json.GetProperty(entry).GetString()!;
        var sizes = manifest.Neighbours().SelectMany(json => Entries
            .Where(pair => json.TryGetProperty(pair.State, out var named) && named.ValueKind == JsonValueKind.String
                && named.GetString() == state && json.TryGetProperty(pair.Sizes, out _))
            .Select(pair => json.GetProperty(pair.Sizes))).First();
        return Build(manifest, state, sizes, interval, type);
    }

    /// <param name="entry">The file of the state, with an optional remark after it; a manifest of the folder gives the sizes.</param>
    public static ReferenceNetwork OfState(ReferenceManifest manifest, string entry, bool interval, ScalarType type)
    {
        var state = FileOf(entry);
        var sizes = manifest.Neighbours().First(json => json.TryGetProperty("hyper", out _) && States(json).Contains(state));
        return Build(manifest, state, sizes.GetProperty("hyper"), interval, type);
    }

    /// <summary>u at labels, for targets.</summary>
    public LabelledVelocity Labelled => labels => new NetworkVelocity(Network, Weights, labels);

    /// <summary>du/dt along w, also for r = t, where estimators spare it.</summary>
    public Tensor Derivative(Tensor z, Tensor w, Tensor r, Tensor t, Tensor y) =>
        IDerivative.Create(new JvpOptions()).Evaluate(new GivenTimes(Network, Weights, r, y), z, w, t - 1, t).Derivative;

    // The states whose sizes a manifest gives: its own, and all of `states`.
    private static IEnumerable<string> States(JsonElement json)
    {
        if (json.TryGetProperty("state", out var own) && own.ValueKind == JsonValueKind.String)
            yield return FileOf(own.GetString()!);
        if (json.TryGetProperty("states", out var all) && all.ValueKind == JsonValueKind.Object)
        {
            foreach (var state in all.EnumerateObject().Where(state => state.Value.ValueKind == JsonValueKind.String))
                yield return FileOf(state.Value.GetString()!);
        }
    }

    private static string FileOf(string entry) => entry.Split(':', ' ')[0];

    private static ReferenceNetwork Build(ReferenceManifest manifest, string state, JsonElement sizes, bool interval, ScalarType type)
    {
        var side = sizes.GetProperty("input_size").GetInt64();
        var network = GeneratorNetwork.Create(
            SizesOf(sizes), new LatentShape(sizes.GetProperty("in_channels").GetInt64(), side, side), sizes.GetProperty("num_classes").GetInt32(), interval);
        return new(network, Weights.Load(network.Declare(), WithoutInterval(manifest.Beside(state), interval), CPU, type));
    }

    // DiT^DH has pairs of sizes, for trunk and head; a plain DiT has one size and patches.
    private static GeneratorNetworkOptions SizesOf(JsonElement sizes)
    {
        var ratio = sizes.GetProperty("mlp_ratio").GetDouble();
        if (sizes.GetProperty("hidden_size").ValueKind == JsonValueKind.Number)
        {
            int Number(string name) => sizes.GetProperty(name).GetInt32();
            return new PlainDitOptions(Number("patch_size"), Number("hidden_size"), Number("depth"), Number("num_heads"), ratio);
        }

        int[] Pair(string name) => [.. sizes.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];
        var (width, depth, heads) = (Pair("hidden_size"), Pair("depth"), Pair("num_heads"));
        return new DitOptions(width[0], depth[0], heads[0], width[1], depth[1], heads[1], ratio);
    }

    // The state of a mean-flow network is that of a velocity network with the interval embedding.
    private static TensorFile WithoutInterval(TensorFile file, bool interval) => interval ? file : new(
        file.Path,
        file.Tensors.Keys.Where(name => !name.StartsWith(GeneratorNetwork.IntervalEmbedding, StringComparison.Ordinal)).ToDictionary(name => name, name => file[name]),
        file.Metadata);
}
