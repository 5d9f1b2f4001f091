using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>The mean-flow network: output, gradients, and its derivative by every estimator.</summary>
internal sealed class DdtMeanFlowCheck : IReferenceCheck
{
    public string Kind => "ddt_meanflow";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using var scope = NewDisposeScope();
            var model = new DdtModel(manifest, interval: true, type);
            model.CompareTables();
            var (x, r, t, y) = (model.Input("x"), model.Input("r"), model.Input("t"), model.Input("y"));
            using (no_grad())
            {
                model.CompareOutput("out", model.Network.AverageVelocity(model.Weights, x, r, t, y));
                model.CompareOutput("out_r_none", model.Network.AverageVelocity(model.Weights, x, zeros_like(r), t, y));
            }
            model.CompareGradients(input => model.Network.AverageVelocity(model.Weights, input, r, t, y));
            CompareDerivatives(manifest, model, new GivenTimes(model.Network, model.Weights, r, y), x, t);
        }
    }

    private static void CompareDerivatives(ReferenceManifest manifest, DdtModel model, GivenTimes u, Tensor x, Tensor t)
    {
        var v = model.Input("v");
        Tensor Estimate(DerivativeOptions options)
        {
            var (value, derivative) = IDerivative.Create(options).Evaluate(u, x, v, t - 1, t);
            model.CompareOutput("out", value);
            return derivative;
        }
        var exact = Estimate(new JvpOptions());
        model.Compare("jvp", exact, relative: model.IsDouble ? 1e-9 : 1e-5);
        model.Compare("jvp", Estimate(new JvpDoubleBackwardOptions()), relative: model.IsDouble ? 1e-9 : 1e-5);
        var delta = manifest.Json.GetProperty("delta").GetDouble();
        foreach (var batching in new[] { "separate", "concatenated" })
        {
            var estimate = Estimate(new CentralDifferenceOptions(delta, ClampEnds: false, Batching: batching));
            model.Compare("fd", estimate, relative: model.IsDouble ? 1e-9 : 5e-4);
        }
        if (!model.IsDouble)
            return;
        foreach (var check in manifest.Json.GetProperty("checks").EnumerateObject())
        {
            // How far a difference is from the exact derivative.
            var step = check.Name switch
            {
                "jvp64_vs_fd64(delta)" => delta,
                _ when check.Name.StartsWith("jvp64_vs_fd64(h=", StringComparison.Ordinal) =>
                    double.Parse(check.Name["jvp64_vs_fd64(h=".Length..^1], CultureInfo.InvariantCulture),
                _ => 0,
            };
            if (step == 0)
                continue;
            var distance = (Estimate(new CentralDifferenceOptions(step, ClampEnds: false)) - exact).abs().max().item<double>();
            distance.Should().BeApproximately(
                check.Value.GetProperty("max_abs").GetDouble(), 1e-8 * exact.abs().max().item<double>(), "{0} in {1}", check.Name, manifest.Path);
        }
    }
}
