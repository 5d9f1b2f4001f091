using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>The velocity network: output, values on the way, guided output, gradients.</summary>
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

    // v(∅) + scale (v(y) - v(∅)) where t lies in the interval, v(y) elsewhere; the reference returns it twice, once for each half
    // of its batch of labelled and unlabelled samples.
    private static void CompareGuided(ReferenceManifest manifest, DdtModel model, Tensor x, Tensor t, Tensor y)
    {
        var cfg = manifest.Json.GetProperty("cfg");
        var (scale, interval) = (cfg.GetProperty("scale").GetDouble(), cfg.GetProperty("interval"));
        var conditional = model.Network.Velocity(model.Weights, x, t, y);
        var free = model.Network.Velocity(model.Weights, x, t, full_like(y, cfg.GetProperty("null_label").GetInt64()));
        var inside = (t >= interval[0].GetDouble()).logical_and(t <= interval[1].GetDouble()).view(-1, 1, 1, 1);
        var guided = where(inside, free + (scale * (conditional - free)), conditional);
        // The difference of two outputs is scaled, and so is their rounding.
        model.Compare("cfg_out", cat([guided, guided]), absolute: scale * (model.IsDouble ? 1e-11 : 2e-5));
    }
}
