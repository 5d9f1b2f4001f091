using System.Text.Json;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// Vectors of the MeanFlow family in one precision. A tensor is stored with the suffix .f32 or .f64 for the run that made it, or .f64as32 for a
/// float64 run rounded to float32.
/// </summary>
internal sealed class FamilyVectors(ReferenceManifest manifest, ScalarType type)
{
    private const double Rounded = 1e-6;

    // How closely each kind of value is compared in float32 and in float64, relative to the largest value of its tensor.
    public static readonly (double Single, double Double) Output = (2e-5, 1e-9);
    public static readonly (double Single, double Double) Target = (1e-5, 1e-9);
    public static readonly (double Single, double Double) Difference = (5e-4, 1e-9);
    public static readonly (double Single, double Double) Error = (1e-4, 1e-9);
    public static readonly (double Single, double Double) Gradient = (2e-3, 1e-8);

    public ScalarType Type { get; } = type;

    public bool IsDouble { get; } = type == ScalarType.Float64;

    /// <summary>A tensor of the manifest, in the type of the run if it has floating point.</summary>
    public Tensor Input(string name) => manifest[name].is_floating_point() ? manifest[name].to(Type) : manifest[name];

    /// <summary>
    /// A network whose state an entry of the manifest names; a manifest of the folder gives its sizes, and for a plain DiT the table of
    /// frequencies.
    /// </summary>
    public ReferenceNetwork Network(string state, bool interval)
    {
        var network = ReferenceNetwork.OfState(manifest, state, interval, Type);
        if (network.Network is PlainDit)
        {
            using var quiet = no_grad();
            network.Weights[PlainDit.FrequencyTable].copy_(Frequencies());
        }
        return network;
    }

    private Tensor Frequencies()
    {
        var owner = manifest.Neighbours().First(json => json.TryGetProperty("tensors", out var tensors) && tensors.TryGetProperty("freqs", out _));
        return manifest.Beside(owner.GetProperty("fixture").GetString() + ".safetensors")["freqs"];
    }

    /// <summary>Compares a value with all stored forms of a tensor.</summary>
    /// <param name="absolute">Added to the tolerance, for values that are zero.</param>
    public void Compare(string name, Tensor value, (double Single, double Double) tolerance, double absolute = 0)
    {
        var found = 0;
        foreach (var suffix in new[] { ".f32", ".f64", ".f64as32" }.Where(suffix => manifest.Has(name + suffix)))
        {
            found++;
            if (suffix == ".f32" && IsDouble)
                continue;
            var relative = !IsDouble ? tolerance.Single : suffix == ".f64as32" ? Math.Max(Rounded, tolerance.Double) : tolerance.Double;
            manifest.Compare(name + suffix, value, absolute, relative);
        }
        found.Should().BePositive("{0} must be stored in {1}", name, manifest.Path);
    }

    /// <summary>Compares a value with a tensor if the manifest has it.</summary>
    public void CompareIfStored(string name, Func<Tensor> value, (double Single, double Double) tolerance)
    {
        if (new[] { ".f32", ".f64", ".f64as32" }.Any(suffix => manifest.Has(name + suffix)))
            Compare(name, value(), tolerance);
    }

    /// <summary>Compares the gradients NAME.PARAMETER with those of the weights.</summary>
    public void CompareGradients(string prefix, Weights weights, double absolute = 0)
    {
        var names = manifest.Listed.Where(listed => listed.StartsWith(prefix + ".", StringComparison.Ordinal))
            .Select(listed => listed[(prefix.Length + 1)..listed.LastIndexOf('.')]).Distinct().ToList();
        foreach (var name in names)
            Compare($"{prefix}.{name}", weights[name].grad!, Gradient, absolute);
    }

    /// <summary>The gradient of the loss of an objective at a batch.</summary>
    public static void Backward(MeanFlowObjective objective, ReferenceNetwork student, MeanFlowBatch batch)
    {
        student.Weights.Gradient!.zero_();
        objective.Evaluate(student.Weights, batch, 0).Loss.backward();
    }

    /// <summary>The summed squared error of each sample.</summary>
    public static Tensor Sum(Regression regression) => regression.Difference.square().sum([1, 2, 3]);

    /// <summary>The mean squared error of each sample.</summary>
    public static Tensor Mean(Regression regression) => regression.Difference.square().mean([1, 2, 3]);

    /// <summary>The ends of an interval of guidance.</summary>
    public static (double Low, double High) Interval(JsonElement json) => (json[0].GetDouble(), json[1].GetDouble());

    /// <summary>Options whose every step has the same λ and whose times are given.</summary>
    public static LambdaMeanFlowOptions Lambda(GeneratorNetwork network, double lambda, DerivativeOptions derivative, LossWeightOptions weight) =>
        new(lambda, network.Options, new UniformTimeOptions(), derivative, weight, new TrainingOptions(1), LabelDropout: 0);
}
