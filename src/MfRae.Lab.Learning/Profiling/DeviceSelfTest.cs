using System.Runtime.InteropServices;
using MathNet.Numerics.Statistics;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Derivatives;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Profiling;

/// <summary>
/// Computes the operations of a training on a device, and compares with the CPU: products in each precision, a training step of each objective,
/// both kinds of derivatives, and a repetition. It also measures speed. With the CPU as device, it tests itself.
/// </summary>
/// <param name="time">The clock of the measured times.</param>
public sealed class DeviceSelfTest(Device device, SelfTestSizes sizes, TimeProvider time)
{
    // The largest allowed relative errors. Sums in another order change the last of 24 bits; a product of rounded operands has an error
    // of about the last bit of an operand, 2^-11 for TF32 and 2^-8 for bfloat16.
    private const double Float32Limit = 1e-5;
    private const double Tf32Limit = 2e-3;
    private const double BFloat16Limit = 1e-2;

    // A step of a network adds up some hundred roundings; a difference quotient divides them by its δ.
    private const double StepLimit = 1e-4;
    private const double DifferenceStepLimit = 2e-3;

    // The error of the difference quotient itself, of order δ², in float64.
    private const double DerivativeLimit = 1e-5;
    private const double Delta = 1e-5;

    private const int RepeatedSteps = 3;
    private const double Giga = 1e9;
    private const double MiB = 1 << 20;

    /// <summary>The name of the device.</summary>
    public string DeviceName => device.ToString();

    /// <summary>The index of the GPU; null for the CPU.</summary>
    public int? GpuIndex => IsCuda ? device.index : null;

    private bool IsCuda => device.type == DeviceType.CUDA;

    /// <summary>The self-test of a device by name, at the sizes for this kind of device.</summary>
    /// <exception cref="LabException">The device does not exist.</exception>
    public static DeviceSelfTest Of(string name, TimeProvider time)
    {
        ComputeDevice.Prepare(Environment.ProcessorCount);
        var device = ComputeDevice.Resolve(name);
        return new(device, device.type == DeviceType.CUDA ? SelfTestSizes.Gpu : SelfTestSizes.Cpu, time);
    }

    /// <summary>Runs the checks in order. A check that throws has failed, and the next one runs.</summary>
    public IEnumerable<DeviceCheck> Run()
    {
        yield return Guarded("memory", Memory);
        foreach (var (type, limit) in new[] { ("float32", Float32Limit), ("tf32", Tf32Limit), ("bfloat16", BFloat16Limit) })
            yield return Guarded($"matrix product, {type}", name => Product(name, type, limit));
        foreach (var kind in SelfTestStep.Kinds)
            yield return Guarded($"training step, {kind}", name => Step(name, kind));
        yield return Guarded("derivative, forward mode against differences in float64", Derivative);
        yield return Guarded("repetition of three steps", Repetition);
        foreach (var type in new[] { "float32", "tf32", "bfloat16" })
            yield return Guarded($"speed of matrix products, {type}", name => ProductSpeed(name, type));
        yield return Guarded($"step of the default network, batch {SelfTestStep.DefaultBatch}", name => StepSeconds(
            name, () => SelfTestStep.Create(SelfTestStep.Central, new DitOptions(), new LatentShape(96, 4, 4), SelfTestStep.DefaultBatch, device)));
        yield return Guarded($"step of one XL block, width {sizes.Large.TrunkWidth}, {sizes.LargeShape.Tokens} tokens, batch {sizes.LargeBatch}",
            name => StepSeconds(name, () => SelfTestStep.Create("flow matching", sizes.Large, sizes.LargeShape, sizes.LargeBatch, device)));
        yield return DeviceCheck.Measured("peak memory of the process", ResourceUse.PeakBytes() / MiB, "MiB");
    }

    private static DeviceCheck Guarded(string name, Func<string, DeviceCheck> check)
    {
        try
        {
            using var scope = NewDisposeScope();
            return check(name);
        }
        catch (Exception error) when (error is ExternalException or LabException or InvalidOperationException or NotSupportedException)
        {
            return DeviceCheck.Threw(name, error.Message.Split('\n')[0]);
        }
    }

    private DeviceCheck Memory(string name)
    {
        var count = sizes.MemoryBytes / sizeof(float);
        using (var block = full([count], 2, dtype: float32, device: device))
        {
            var wrong = Math.Abs(block.to(float64).mean().item<double>() - 2);
            if (wrong > 0)
                return DeviceCheck.Judged(name, wrong, 0, "error of the values read back");
        }

        // Freed memory is allocated again.
        using var again = zeros([count], dtype: float32, device: device);
        return DeviceCheck.Judged(name, Math.Abs(again.sum().item<float>()), 0, "error of the values read back");
    }

    private DeviceCheck Product(string name, string type, double limit)
    {
        if (type == "tf32" && !IsCuda)
            return DeviceCheck.Skipped(name, "only CUDA devices round to TF32");
        var random = new RandomSource(1, CPU);
        var (a, b) = (random.Normal("left", 0, sizes.Matrix, sizes.Matrix), random.Normal("right", 0, sizes.Matrix, sizes.Matrix));
        var exact = a.to(float64).matmul(b.to(float64));
        return DeviceCheck.Judged(name, Error(Multiply(a.to(device), b.to(device), type), exact), limit, "relative error");
    }

    private static Tensor Multiply(Tensor a, Tensor b, string type)
    {
        if (type == "bfloat16")
            return a.to(bfloat16).matmul(b.to(bfloat16));
        ComputeDevice.AllowTf32(type == "tf32");
        try
        {
            return a.matmul(b);
        }
        finally
        {
            ComputeDevice.AllowTf32(false);
        }
    }

    private DeviceCheck Step(string name, string kind)
    {
        var (loss, gradient) = On(device);
        var (expectedLoss, expected) = On(CPU);
        var error = Math.Max(Math.Abs(loss - expectedLoss) / Math.Abs(expectedLoss), Error(gradient, expected));
        return DeviceCheck.Judged(
            name, error, kind == SelfTestStep.Central ? DifferenceStepLimit : StepLimit, "relative error of loss and gradient against the CPU");

        (double Loss, Tensor Gradient) On(Device on)
        {
            using var step = SelfTestStep.Create(kind, sizes.Small, sizes.SmallShape, sizes.Batch, on);
            return step.Evaluate(0);
        }
    }

    private DeviceCheck Derivative(string name)
    {
        using var quiet = no_grad();
        var network = new DitNetwork(sizes.Small, sizes.SmallShape, SelfTestStep.Classes, interval: true);
        var random = new RandomSource(2, device);
        using var weights = SelfTestStep.WeightsOf(network.Declare(), device, ScalarType.Float64);
        long[] shape = [sizes.Batch, sizes.SmallShape.Channels, sizes.SmallShape.Rows, sizes.SmallShape.Columns];
        var (z, w) = (random.Normal("point", 0, shape).to(float64), random.Normal("direction", 0, shape).to(float64));
        var r = random.Uniform("earlier time", 0, sizes.Batch).to(float64).mul(0.4).add(0.05);
        var t = r + 0.4;
        var u = new NetworkVelocity(network, weights, random.Integers("labels", 0, SelfTestStep.Classes, sizes.Batch));
        var exact = new ForwardMode().Evaluate(u, z, w, r, t).Derivative;
        var differences = new CentralDifference(new CentralDifferenceOptions(Delta)).Evaluate(u, z, w, r, t).Derivative;
        return DeviceCheck.Judged(name, Error(exact, differences), DerivativeLimit, "relative difference");
    }

    private DeviceCheck Repetition(string name)
    {
        var (first, second) = (Trained(), Trained());
        return DeviceCheck.Judged(name, first.ne(second).sum().item<long>(), 0, "different weights");

        Tensor Trained()
        {
            using var step = SelfTestStep.Create(SelfTestStep.Central, sizes.Small, sizes.SmallShape, sizes.Batch, device);
            for (var i = 0; i < RepeatedSteps; i++)
                step.Update(i);
            return step.Weights.Flat.cpu().clone();
        }
    }

    private DeviceCheck ProductSpeed(string name, string type)
    {
        if (type == "tf32" && !IsCuda)
            return DeviceCheck.Skipped(name, "only CUDA devices round to TF32");
        var n = sizes.SpeedMatrix;
        var a = ones([n, n], device: device);
        using (var warm = Multiply(a, a, type))
            Synchronize();
        var start = time.GetTimestamp();
        for (var i = 0; i < sizes.Repeats; i++)
            Multiply(a, a, type).Dispose();
        Synchronize();
        return DeviceCheck.Measured(name, 2.0 * n * n * n * sizes.Repeats / time.GetElapsedTime(start).TotalSeconds / Giga, "GFLOP/s");
    }

    private DeviceCheck StepSeconds(string name, Func<SelfTestStep> create)
    {
        using var step = create();
        var seconds = new List<double>();
        // The first step allocates memory and loads kernels.
        for (var i = 0; i <= sizes.Repeats; i++)
        {
            var start = time.GetTimestamp();
            step.Update(i);
            Synchronize();
            seconds.Add(time.GetElapsedTime(start).TotalSeconds);
        }

        return DeviceCheck.Measured(name, seconds.Skip(1).Median(), "seconds");
    }

    private void Synchronize()
    {
        if (IsCuda)
            cuda.synchronize();
    }

    private static double Error(Tensor values, Tensor exact)
    {
        var (actual, expected) = (values.detach().cpu().to(float64), exact.cpu().to(float64));
        return (actual - expected).norm().item<double>() / expected.norm().item<double>();
    }
}

/// <summary>The sizes of a self-test.</summary>
/// <param name="MemoryBytes">The size of the block that is allocated.</param>
/// <param name="Matrix">The side of the matrices that are compared with the CPU.</param>
/// <param name="SpeedMatrix">The side of the matrices whose products are timed.</param>
/// <param name="Batch">The batch of the compared training steps.</param>
/// <param name="Repeats">The number of timed repetitions.</param>
/// <param name="LargeBatch">The batch of the network with one block of the released size.</param>
public sealed record SelfTestSizes(long MemoryBytes, long Matrix, long SpeedMatrix, int Batch, int Repeats, int LargeBatch)
{
    /// <summary>For a GPU.</summary>
    public static SelfTestSizes Gpu { get; } = new(2L << 30, 2048, 8192, 16, 10, 32);

    /// <summary>For a CPU: some seconds.</summary>
    public static SelfTestSizes Cpu { get; } = new(64L << 20, 256, 1024, 8, 1, 1);

    /// <summary>The network of the compared steps.</summary>
    public DitOptions Small { get; } = new(TrunkWidth: 48, TrunkDepth: 2, TrunkHeads: 4, HeadWidth: 64, HeadDepth: 1, HeadHeads: 4);

    /// <summary>The latents of the compared steps.</summary>
    public LatentShape SmallShape { get; } = new(16, 4, 4);

    /// <summary>A trunk of one block of the released network, and a head that costs almost nothing.</summary>
    public DitOptions Large { get; init; } = new(TrunkWidth: 1152, TrunkDepth: 1, TrunkHeads: 16, HeadWidth: 8, HeadDepth: 1, HeadHeads: 1);

    /// <summary>The latents of the released network at 256 pixels.</summary>
    public LatentShape LargeShape { get; init; } = new(768, 16, 16);
}

/// <summary>The outcome of one check. `doctor --gpu --json` prints its properties in this order.</summary>
/// <param name="Result">passed, failed, skipped, or measured for a value without a limit.</param>
/// <param name="Value">The measured value; null for a check without a value.</param>
/// <param name="Limit">The largest value that passes; null without a limit.</param>
/// <param name="Unit">The quantity or the unit of the value.</param>
/// <param name="Reason">Why the check was skipped, or the error that it ended with; null otherwise.</param>
public sealed record DeviceCheck(string Check, string Result, double? Value, double? Limit, string? Unit, string? Reason)
{
    /// <summary>The result of a check whose value is above the limit, or that threw.</summary>
    public const string Failed = "failed";

    internal static DeviceCheck Judged(string check, double value, double limit, string unit) =>
        new(check, value <= limit ? "passed" : Failed, value, limit, unit, null);

    internal static DeviceCheck Measured(string check, double value, string unit) => new(check, "measured", value, null, unit, null);

    internal static DeviceCheck Skipped(string check, string reason) => new(check, "skipped", null, null, null, reason);

    internal static DeviceCheck Threw(string check, string error) => new(check, Failed, null, null, null, error);
}
