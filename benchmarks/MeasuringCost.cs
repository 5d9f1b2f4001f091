using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// Processor time of measuring one run of base/fashion-mnist.json: drawing and decoding one-step samples, their features, and each metric with
/// its interval, against the embedded dataset. The time of the references, which all runs share, is not included.
/// </summary>
/// <param name="folder">The root of the repository.</param>
internal sealed class MeasuringCost(string folder, int samples)
{
    private const int Batch = 250;
    private const int KeptFeatures = 50_000;
    private const int Classes = 10;

    private readonly RandomSource _random = new(0, CPU);

    /// <summary>Processor time of features and of decoding at several batch sizes, in turns.</summary>
    public void Batches(int[] sizes, int turns)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var features = new FeatureMaker(new InceptionNetwork(24, Classes), Path.Combine(folder, "data/weights/inception.safetensors"));
        var shape = new LatentShape(96, 4, 4);
        var decoder = new RaeDecoder(new DecoderNetworkOptions(), shape);
        using var decoding = Load("decoder", decoder.Declare());
        var images = _random.Integers("images", 0, 256, samples, 1, 28, 28).to(uint8);
        var latents = _random.Normal("latents", 0, samples, 96, 4, 4);
        foreach (var turn in Enumerable.Range(0, turns))
        {
            foreach (var size in sizes)
            {
                double Seconds(Action<long> work)
                {
                    var before = Environment.CpuUsage.TotalTime;
                    for (long start = 0; start < samples; start += size)
                    {
                        using var batch = NewDisposeScope();
                        work(start);
                    }

                    return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
                }

                var pool = Seconds(start => features.Of(images.slice(0, start, Math.Min(samples, start + size), 1)));
                var decode = Seconds(start => decoder.Decode(decoding, latents.slice(0, start, Math.Min(samples, start + size), 1)));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"batch {size}: features {pool:F2}, decoding {decode:F2}"));
            }
        }
    }

    /// <summary>
    /// Processor time of the search for the nearest of some training images, in all dimensions and by leading directions, in turns.
    /// </summary>
    public void Searches(int trained, int turns)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var features = new FeatureMaker(new InceptionNetwork(24, Classes), Path.Combine(folder, "data/weights/inception.safetensors"));
        using var test = IdxDataset.Test(Path.Combine(folder, "data/fashion-mnist"), samples);
        using var train = IdxDataset.Train(Path.Combine(folder, "data/fashion-mnist"), trained);
        var (rows, _) = features.Of(test.Bytes(arange(samples, dtype: int64)));
        var (set, _) = features.Of(train.Bytes(arange(trained, dtype: int64)));
        double Seconds(Action work)
        {
            var before = Environment.CpuUsage.TotalTime;
            work();
            return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        }

        for (var turn = 0; turn < turns; turn++)
        {
            Tensor? all = null, leading = null;
            NearestDistances? prepared = null;
            var whole = Seconds(() => all = NearestRows.Of(rows, set, 1).Squared.flatten());
            var preparation = Seconds(() => prepared = new NearestDistances(set));
            var search = Seconds(() => leading = prepared!.Of(rows));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{samples} × {trained}: all dimensions {whole:F2}, ")
                + string.Create(CultureInfo.InvariantCulture, $"preparation {preparation:F2}, leading directions {search:F2}, ")
                + string.Create(CultureInfo.InvariantCulture, $"largest difference {(leading!.square() - all!).abs().max().item<double>():G2}"));
        }
    }

    public void Run()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var features = new FeatureMaker(new InceptionNetwork(24, Classes), Path.Combine(folder, "data/weights/inception.safetensors"));
        Console.WriteLine(Machine.Description);
        using var test = IdxDataset.Test(Path.Combine(folder, "data/fashion-mnist"), 0);
        using var train = IdxDataset.Train(Path.Combine(folder, "data/fashion-mnist"), 0);
        ReferenceSet[] references = [Reference("test", test), Reference("train", train)];
        Console.WriteLine();
        Console.WriteLine("| part | processor seconds | values |");
        Console.WriteLine("|---|---|---|");
        var total = 0.0;
        T Timed<T>(string name, Func<T> work, Func<T, string> values)
        {
            var before = Environment.CpuUsage.TotalTime;
            var result = work();
            var seconds = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
            total += seconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {seconds:F2} | {values(result)} |"));
            return result;
        }

        // Warm-up: kernels are compiled at the first use.
        Draw(Batch).Images.Dispose();
        var (images, latents) = Timed("samples", () => Draw(samples), _ => "");
        var (rows, logits) = Timed("features", () => features.Of(images), _ => "");
        var labels = arange(samples, dtype: int64).remainder(Classes);
        var set = new SampleSet(rows, logits, null, labels, latents, latents * 0.9, references);
        MetricOptions[] metrics =
        [
            new FidOptions(), new InceptionScoreOptions(), new KidOptions(), new PrecisionRecallOptions(), new ClassFidOptions(), new FidFloorOptions(),
            new ClassAccuracyOptions(), new EndpointErrorOptions(), new MemorisationOptions(),
        ];
        // The factors of the references are kept, and the second set of samples of a stage finds them.
        foreach (var metric in metrics)
        {
            Timed(metric.GetType().Name[..^"Options".Length], () => Metric.Compute(metric, set).ToArray(), values => string.Join(
                ", ", values.Take(4).Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Name} {value.Value:G9}"))));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| all | {total:F2} | |"));

        ReferenceSet Reference(string split, LabeledImages source)
        {
            var kept = source.EvenRows(KeptFeatures);
            var (found, _) = features.Of(source.Bytes(kept));
            return new(split, FeatureStatistics.Of(found), split, Features: found, Labels: source.Labels.index_select(0, kept));
        }
    }

    // The teacher's network in one step of Euler: the same work as a mean-flow network, but for its second embedding of time.
    private (Tensor Images, Tensor Latents) Draw(int count)
    {
        var shape = new LatentShape(96, 4, 4);
        var network = new DitNetwork(new DitOptions(HeadDepth: 1), shape, Classes, interval: false);
        var decoder = new RaeDecoder(new DecoderNetworkOptions(), shape);
        using var weights = Load("teacher", network.Declare());
        using var decoding = Load("decoder", decoder.Declare());
        var statistics = LatentStatistics.Load(Path.Combine(folder, "data/weights/latents.safetensors"));
        var generator = FewStepGenerator.Solver("euler", (z, t, y) => network.Velocity(weights, z, t, y), TimeShift.For(shape));
        var images = empty(count, 1, 28, 28, dtype: uint8);
        var latents = new List<Tensor>();
        for (var start = 0; start < count; start += Batch)
        {
            using var batch = NewDisposeScope();
            var noise = _random.Normal("noise", start / Batch, Batch, shape.Channels, shape.Rows, shape.Columns);
            var drawn = generator.Sample(noise, arange(start, start + Batch, dtype: int64).remainder(Classes), 1);
            if (latents.Count < 4)
                latents.Add(drawn.MoveToOuterDisposeScope());
            images.slice(0, start, start + Batch, 1).copy_(LabeledImages.ToBytes(decoder.Decode(decoding, statistics.Denormalise(drawn))));
            GC.Collect(0);
        }

        return (images, cat(latents));
    }

    private Weights Load(string name, WeightSpec spec) =>
        Weights.Load(spec, TensorFile.Open(Path.Combine(folder, $"data/weights/{name}.safetensors")), CPU);

    private sealed class FeatureMaker(InceptionNetwork network, string path) : IDisposable
    {
        private readonly Weights _weights = Weights.Load(network.Declare(), TensorFile.Open(path), CPU);

        public (Tensor Features, Tensor Logits) Of(Tensor images)
        {
            var (features, logits) = (empty(images.shape[0], network.Features), empty(images.shape[0], Classes));
            for (long start = 0; start < images.shape[0]; start += Batch)
            {
                using var scope = NewDisposeScope();
                var end = Math.Min(images.shape[0], start + Batch);
                var pool = network.Pool(_weights, LabeledImages.ToUnit(images.slice(0, start, end, 1)));
                features.slice(0, start, end, 1).copy_(pool);
                logits.slice(0, start, end, 1).copy_(InceptionNetwork.Logits(_weights, pool));
                GC.Collect(0);
            }

            return (features, logits);
        }

        public void Dispose() => _weights.Dispose();
    }
}
