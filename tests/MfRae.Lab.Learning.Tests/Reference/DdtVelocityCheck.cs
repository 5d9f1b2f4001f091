using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>The velocity network: output, intermediate values, guided output, gradients.</summary>
internal sealed class DdtVelocityCheck : IReferenceCheck
{
    public string Kind => "ddt_velocity";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using var scope = NewDisposeScope();
            var model = new DdtModel(manifest, interval: false, type);
            model.CompareTables();
            var (x, t, y) = (model.Input("x"), model.Input("t"), model.Input("y"));
            using (no_grad())
            {
                model.CompareOutput("out", model.Network.Velocity(model.Weights, x, t, y));
                model.Network.Forward(
                    model.Weights, x, null, t, y, (name, value) => model.CompareOutput("mid." + name, value));
                if (manifest.Json.TryGetProperty("cfg", out _))
                    CompareGuided(manifest, model, x, t, y);
            }
            model.CompareGradients(input => model.Network.Velocity(model.Weights, input, t, y));
        }
    }

    // The reference returns the guided velocity twice, once for each half of its batch of labelled and unlabelled samples.
    private static void CompareGuided(ReferenceManifest manifest, DdtModel model, Tensor x, Tensor t, Tensor y)
    {
        var cfg = manifest.Json.GetProperty("cfg");
        var (scale, interval) = (cfg.GetProperty("scale").GetDouble(), cfg.GetProperty("interval"));
        var guidance = new GuidanceOptions(scale, interval[0].GetDouble(), interval[1].GetDouble());
        var guided = Guidance.Apply(
            guidance, (z, time, label) => model.Network.Velocity(model.Weights, z, time, label), cfg.GetProperty("null_label").GetInt64())(
            x, t, y);
        // The difference of two outputs is scaled, and so is their rounding.
        model.Compare("cfg_out", cat([guided, guided]), absolute: scale * (model.IsDouble ? 1e-11 : 2e-5));
    }
}
