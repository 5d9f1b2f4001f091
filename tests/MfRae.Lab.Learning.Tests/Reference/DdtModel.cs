using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>A DiT^DH of the sizes that a manifest gives, with the weights that it names, in one precision.</summary>
internal sealed class DdtModel
{
    // Choices of the reference that this lab has in one form only.
    private static readonly (string Flag, bool Value)[] Fixed =
    [
        ("use_qknorm", false), ("use_swiglu", true), ("use_rope", true), ("use_rmsnorm", true), ("wo_shift", false), ("use_pos_embed", true),
    ];

    private readonly ReferenceManifest _manifest;

    public DdtModel(ReferenceManifest manifest, bool interval, ScalarType type)
    {
        _manifest = manifest;
        var hyper = manifest.Json.GetProperty("hyper");
        foreach (var (flag, value) in Fixed)
        {
            if (hyper.TryGetProperty(flag, out var given))
                given.GetBoolean().Should().Be(value, "{0} asks for {1}, and DiT^DH has no other form here", manifest.Path, flag);
        }
        hyper.GetProperty("patch_size").GetInt32().Should().Be(1, "tokens of DiT^DH are single cells of the latent");
        int Number(string name, int part) => hyper.GetProperty(name) is { ValueKind: JsonValueKind.Array } list
            ? list[part].GetInt32()
            : hyper.GetProperty(name).GetInt32();
        var options = new DitOptions(
            Number("hidden_size", 0), Number("depth", 0), Number("num_heads", 0),
            Number("hidden_size", 1), Number("depth", 1), Number("num_heads", 1), hyper.GetProperty("mlp_ratio").GetDouble());
        var shape = new LatentShape(Number("in_channels", 0), Number("input_size", 0), Number("input_size", 1));
        Network = new DitNetwork(options, shape, Number("num_classes", 0), interval);
        Type = type;
        Weights = Weights.Load(Network.Declare(), manifest.Beside(manifest.Json.GetProperty("state").GetString()!), CPU, type);
    }

    public DitNetwork Network { get; }

    public Weights Weights { get; }

    public ScalarType Type { get; }

    /// <summary>The mark of values of this precision in the manifest.</summary>
    public string Suffix => Type == ScalarType.Float64 ? ".f64" : ".f32";

    public bool IsDouble => Type == ScalarType.Float64;

    /// <summary>An input, in this precision; labels stay whole.</summary>
    public Tensor Input(string name) => _manifest[name] is { dtype: ScalarType.Int64 } labels ? labels : _manifest[name].to(Type);

    /// <summary>Compares a result with the tensor of this name and precision, where the manifest has one.</summary>
    public void Compare(string name, Tensor value, double absolute = 0, double relative = 0)
    {
        if (_manifest.Has(name + Suffix))
            _manifest.Compare(name + Suffix, value, absolute, relative);
    }

    /// <summary>An output of the network: the largest are about 5.</summary>
    public void CompareOutput(string name, Tensor value) => Compare(name, value, absolute: IsDouble ? 1e-11 : 2e-5);

    /// <summary>The gradients of mean(out²) by the input and by every listed parameter, and the norms of all of them.</summary>
    public void CompareGradients(Func<Tensor, Tensor> output)
    {
        Weights.Train();
        var x = Input("x").clone().requires_grad_(true);
        output(x).square().mean().backward();
        var relative = IsDouble ? 1e-11 : 1e-5;
        Compare("grad_x", x.grad!, relative: relative);
        foreach (var name in _manifest.Listed.Where(IsGradient))
            _manifest.Compare(name, Gradient(name["grad.".Length..^Suffix.Length]), relative: relative);
        if (_manifest.Json.TryGetProperty("grad_norms_" + Suffix[1..], out var norms))
        {
            foreach (var norm in norms.EnumerateObject())
            {
                Gradient(norm.Name).norm().item<double>().Should().BeApproximately(
                    norm.Value.GetDouble(), (IsDouble ? 1e-9 : 1e-4) * norm.Value.GetDouble(), "{0} in {1}", norm.Name, _manifest.Path);
            }
        }
    }

    /// <summary>The fixed tables that the network makes for itself against those of the state.</summary>
    public void CompareTables()
    {
        var own = Weights.Initialise(Network.Declare(), new RandomSource(0, CPU), CPU, Type);
        foreach (var (name, table) in Weights.Constants().Where(constant => !constant.Name.EndsWith(".W", StringComparison.Ordinal)))
            (own[name] - table).abs().max().to(float64).item<double>().Should().BeLessThan(1e-6, "{0} in {1}", name, _manifest.Path);
    }

    private bool IsGradient(string name) =>
        name.StartsWith("grad.", StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal);

    private Tensor Gradient(string parameter) => Weights[parameter].grad!.to(float64);
}
