using System.Globalization;
using System.Text.Json;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Reference;

/// <summary>Euler trajectories on the released code's shifted grid, and mean-flow samples of one and two steps.</summary>
internal sealed class OdeCheck : IReferenceCheck
{
    /// <summary>Where the released grid ends, before the shift.</summary>
    public const double ReleasedEnd = 0.001;

    /// <summary>Absolute: the reference computes its grids in float32.</summary>
    public const double GridTolerance = 3e-7;

    private const double LinearSingle = 1e-5;
    private const double ModelSingle = 1e-4;
    private const double ModelDouble = 1e-9;
    private const double MeanFlowSingle = 2e-5;

    public string Kind => "ode";

    public void Run(ReferenceManifest manifest)
    {
        foreach (var run in manifest.Json.GetProperty("runs").EnumerateObject())
            CheckRun(manifest, run.Name, run.Value);
        CheckMeanFlow(manifest);
    }

    private static void CheckRun(ReferenceManifest manifest, string name, JsonElement run)
    {
        var steps = run.GetProperty("euler_steps").GetInt32();
        run.GetProperty("points").GetInt32().Should().Be(steps + 1);
        var grid = new TimeShift(run.GetProperty("shift").GetDouble()).Grid(steps, ReleasedEnd);
        manifest.Compare(name + ".grid", tensor(grid), GridTolerance);
        grid[^1].Should().BeApproximately(run.GetProperty("last_t").GetDouble(), GridTolerance);
        CheckLinear(manifest, name, grid);
        if (!manifest.Has(name + ".model.final.f64"))
            return;

        // In both precisions the reference steps along its grid of float32.
        var stored = manifest[name + ".grid"].to(float64).data<double>().ToArray();
        foreach (var (type, suffix, tolerance) in new[] { (float32, ".f32", ModelSingle), (float64, ".f64", ModelDouble) })
        {
            var network = ReferenceNetwork.Load(manifest, "velocity_state", interval: false, type);
            using var quiet = no_grad();
            var end = FewStepGenerator.Solver("euler", network.Velocity, new TimeShift(1))
                .Along(stored, manifest["z"].to(type), manifest["y"]);
            manifest.Compare(name + ".model.final" + suffix, end, relative: tolerance);
        }
    }

    // v(x, t)[c] = Σ_j A[c, j] x[j] + sin(3t) b[c]
    private static void CheckLinear(ReferenceManifest manifest, string name, double[] grid)
    {
        var (a, b) = (manifest["lin.A"], manifest["lin.b"]);
        Tensor Field(Tensor z, Tensor t, Tensor y) =>
            einsum("cj,bjhw->bchw", a, z) + (LinearPath.BroadcastOverLatent((3 * t).sin()) * b.view(1, -1, 1, 1));
        var step = PathSteps.Euler(Field);
        var points = new List<Tensor> { manifest["z"] };
        for (var i = 1; i < grid.Length; i++)
            points.Add(step(points[^1], manifest["y"], grid[i - 1], grid[i]));
        manifest.Compare(
            name + ".linear.traj.f32", stack(points).index_select(0, manifest[name + ".linear.keep"]), relative: LinearSingle);
    }

    // mfN.TYPE in N steps, and mfN_mid.TYPE after the first of them.
    private static void CheckMeanFlow(ReferenceManifest manifest)
    {
        foreach (var name in manifest.Listed.Where(name => name.StartsWith("mf", StringComparison.Ordinal)))
        {
            var (steps, single) = (int.Parse(name[2..].Split('.', '_')[0], CultureInfo.InvariantCulture), name.EndsWith(
                ".f32", StringComparison.Ordinal));
            var type = single ? float32 : float64;
            var network = ReferenceNetwork.Load(manifest, "meanflow_state", interval: true, type);
            using var quiet = no_grad();
            // The reference does not shift the times of these steps.
            var grid = new TimeShift(1).Grid(steps);
            var sample = FewStepGenerator.MeanFlow(network.AverageVelocity, new TimeShift(1))
                .Along(name.Contains("_mid", StringComparison.Ordinal) ? grid[..2] : grid, manifest["z"].to(type), manifest["y"]);
            manifest.Compare(name, sample, single ? MeanFlowSingle : 0, single ? 0 : ModelDouble);
        }
    }
}
