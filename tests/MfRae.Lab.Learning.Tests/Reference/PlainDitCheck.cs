using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>
/// The plain DiT: output, intermediate values, gradients, derivative, samples, the losses of MeanFlow with guidance, and the same state as the
/// velocity network of SiT.
/// </summary>
internal sealed class PlainDitCheck : IReferenceCheck
{
    public string Kind => "plain_dit_meanflow";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using var scope = NewDisposeScope();
            var (network, weights) = ReferenceNetwork.Load(manifest, "state", interval: true, type);
            CompareTables(manifest, network, weights);
            CompareOutputs(manifest, network, weights);
            CompareDerivatives(manifest, network, weights);
            CompareGradients(manifest, network, weights);
            new PlainDitLosses(manifest, new(network, weights)).Compare();
            if (type == ScalarType.Float32)
            {
                CompareSamples(manifest, network, weights);
                CompareVelocity(manifest);
            }
        }
    }

    private static void CompareTables(ReferenceManifest manifest, GeneratorNetwork network, Weights weights)
    {
        // The positions are those of the state, the frequencies those that the network made.
        var own = Weights.Initialise(network.Declare(), new RandomSource(0, CPU), CPU, weights.Type);
        (own["pos_embed"] - weights["pos_embed"]).abs().max().to(float64).item<double>().Should().BeLessThan(1e-6);
        manifest.Compare("freqs", weights[PlainDit.FrequencyTable], relative: 1e-6);
        using var quiet = no_grad();
        weights[PlainDit.FrequencyTable].copy_(manifest["freqs"]);
    }

    private static void CompareOutputs(ReferenceManifest manifest, GeneratorNetwork network, Weights weights)
    {
        using var quiet = no_grad();
        var (x, r, t, y) = Inputs(manifest, weights.Type);
        CompareOutput(manifest, "out", network.AverageVelocity(weights, x, r, t, y));
        network.Forward(weights, x, new Dual(t - r, null), t, y, (name, value) => CompareOutput(manifest, "mid." + name, value));
    }

    private static void CompareDerivatives(ReferenceManifest manifest, GeneratorNetwork network, Weights weights)
    {
        var (x, r, t, y) = Inputs(manifest, weights.Type);
        var v = manifest["v"].to(weights.Type);
        foreach (DerivativeOptions options in new DerivativeOptions[] { new JvpOptions(), new JvpDoubleBackwardOptions() })
        {
            // The vectors have a derivative for r = t too, where an estimator spares it.
            var u = new GivenTimes(network, weights, r, y);
            var (value, derivative) = IDerivative.Create(options).Evaluate(u, x, v, t - 1, t);
            CompareOutput(manifest, "out", value);
            Compare(manifest, "jvp", derivative, single: 1e-5, twice: 1e-9);
        }
    }

    private static void CompareGradients(ReferenceManifest manifest, GeneratorNetwork network, Weights weights)
    {
        var (x, r, t, y) = Inputs(manifest, weights.Type);
        weights.Train();
        x = x.clone().requires_grad_(true);
        network.AverageVelocity(weights, x, r, t, y).square().mean().backward();
        Compare(manifest, "grad_x", x.grad!, single: 2e-3, twice: 1e-8);
        foreach (var name in manifest.Listed.Where(name => name.StartsWith("grad.", StringComparison.Ordinal)))
        {
            var parameter = name["grad.".Length..name.LastIndexOf('.')];
            Compare(manifest, "grad." + parameter, weights[parameter].grad!, single: 2e-3, twice: 1e-8);
        }
    }

    // sample.stepsN.f32 along equal steps, and sample.cfgS.f32 in one step with guidance of u.
    private static void CompareSamples(ReferenceManifest manifest, GeneratorNetwork network, Weights weights)
    {
        using var quiet = no_grad();
        var (z, y) = (manifest["sample.z"], manifest["sample.y"]);
        AverageVelocityField u = (z, r, t, y) => network.AverageVelocity(weights, z, r, t, y);
        foreach (var name in manifest.Listed.Where(name => name.StartsWith("sample.steps", StringComparison.Ordinal)))
        {
            var steps = int.Parse(name["sample.steps".Length..name.LastIndexOf('.')], CultureInfo.InvariantCulture);
            var sample = FewStepGenerator.MeanFlow(u, new TimeShift(1)).Along(new TimeShift(1).Grid(steps), z, y);
            manifest.Compare(name, sample, absolute: 2e-5);
        }

        foreach (var name in manifest.Listed.Where(name => name.StartsWith("sample.cfg", StringComparison.Ordinal)))
        {
            var scale = Scale(name["sample.cfg".Length..]);
            AverageVelocityField guided = (z, r, t, y) =>
            {
                var without = u(z, r, t, full_like(y, network.Classes));
                return without + (scale * (u(z, r, t, y) - without));
            };
            manifest.Compare(name, FewStepGenerator.MeanFlow(guided, new TimeShift(1)).Along(new TimeShift(1).Grid(1), z, y), absolute: 2e-5);
        }
    }

    // SiT has no interval embedding. Its guidance applies to the first three channels.
    private static void CompareVelocity(ReferenceManifest manifest)
    {
        const int guidedChannels = 3;
        using var quiet = no_grad();
        var (network, weights) = ReferenceNetwork.Load(manifest, "state", interval: false, ScalarType.Float32);
        weights[PlainDit.FrequencyTable].copy_(manifest["freqs"]);
        var (x, _, t, y) = Inputs(manifest, ScalarType.Float32);
        CompareOutput(manifest, "sit_velocity.out", network.Velocity(weights, x, t, y));
        foreach (var name in manifest.Listed.Where(name => name.StartsWith("sit_velocity.cfg", StringComparison.Ordinal)))
        {
            var half = manifest[name].shape[0];
            var scale = Scale(name["sit_velocity.cfg".Length..]);
            var (z, times, labels) = (x.narrow(0, 0, half), t.narrow(0, 0, half), y.narrow(0, 0, half));
            var (with, without) = (network.Velocity(weights, z, times, labels), network.Velocity(weights, z, times, full_like(labels, network.Classes)));
            var guided = without + (scale * (with - without));
            manifest.Compare(
                name, cat([guided.narrow(1, 0, guidedChannels), with.narrow(1, guidedChannels, with.shape[1] - guidedChannels)], 1), absolute: 2e-5);
        }
    }

    private static double Scale(string name) => double.Parse(name[..name.LastIndexOf('.')], CultureInfo.InvariantCulture);

    private static (Tensor X, Tensor R, Tensor T, Tensor Y) Inputs(ReferenceManifest manifest, ScalarType type) =>
        (manifest["x"].to(type), manifest["r"].to(type), manifest["t"].to(type), manifest["y"]);

    private static void CompareOutput(ReferenceManifest manifest, string name, Tensor value)
    {
        if (value.dtype == ScalarType.Float32 && manifest.Has(name + ".f32"))
            manifest.Compare(name + ".f32", value, absolute: 2e-5);
        if (value.dtype == ScalarType.Float64 && manifest.Has(name + ".f64"))
            manifest.Compare(name + ".f64", value, absolute: 1e-11);
        if (value.dtype == ScalarType.Float64 && manifest.Has(name + ".f64as32"))
            manifest.Compare(name + ".f64as32", value, relative: 1e-6);
    }

    /// <param name="single">The tolerance of float32, relative to the largest value.</param>
    /// <param name="twice">The tolerance of float64.</param>
    private static void Compare(ReferenceManifest manifest, string name, Tensor value, double single, double twice)
    {
        if (value.dtype == ScalarType.Float32 && manifest.Has(name + ".f32"))
            manifest.Compare(name + ".f32", value, relative: single);
        if (value.dtype == ScalarType.Float64 && manifest.Has(name + ".f64"))
            manifest.Compare(name + ".f64", value, relative: twice);
        if (value.dtype == ScalarType.Float64 && manifest.Has(name + ".f64as32"))
            manifest.Compare(name + ".f64as32", value, relative: Math.Max(twice, 1e-6));
    }
}
