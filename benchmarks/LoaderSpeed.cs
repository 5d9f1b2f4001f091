using System.Diagnostics;
using System.Runtime.InteropServices;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using SkiaSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Benchmarks;

/// <summary>
/// Images a second of each part of reading a dataset: decoding, cropping, encoding, and the training step that uses the batches. All parts
/// are measured in one run.
/// </summary>
internal sealed class LoaderSpeed(int images, int threads)
{
    private const int Side = 256;
    private const int Batch = 64;
    private const int Turns = 3;
    private const int Encoded = 8;
    private const int Steps = 4;

    // The size of most images of ImageNet.
    private const int Width = 500;
    private const int Height = 375;
    private const int Quality = 92;

    public void Run()
    {
        using var folder = new TemporaryFolder();
        var index = Write(folder.Path);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        Console.WriteLine($"{Machine.Description}; {threads} threads; medians over {Turns} turns;");
        Console.WriteLine($"JPEG files of {Width} × {Height} pixels, quality {Quality}.");
        Console.WriteLine();
        Console.WriteLine("| part | images a second | images a second of processor time |");
        Console.WriteLine("|---|---|---|");
        Print("decode", images, () => Parallel.For(0, images, parallel, i =>
        {
            using var image = ImageDecoder.Decode(Path.Combine(folder.Path, index.Images[i].Path));
        }));
        Print($"decode and crop to {Side} × {Side}", images, () => Parallel.For(0, images, parallel, i =>
        {
            Span<byte> planes = new byte[PixelBuffer.Colours * Side * Side];
            using var image = ImageDecoder.Decode(Path.Combine(folder.Path, index.Images[i].Path));
            CentreCrop.Apply(image, Side, planes);
        }));
        using (var source = new FolderImages(index, folder.Path, threads))
        {
            Print($"decode, crop and collect in batches of {Batch}, read ahead", images / Batch * Batch, () =>
            {
                for (var start = 0; start + Batch <= images; start += Batch)
                {
                    using var scope = NewDisposeScope();
                    source.Bytes(Rows(start));
                    for (var ahead = 1; ahead <= 3 && start + ((ahead + 1) * Batch) <= images; ahead++)
                        source.Prepare(Rows(start + (ahead * Batch)));
                }
            });
        }

        Encode("encode with the shipped encoder, 28 × 28", new VitEncoder(new VitOptions()), ImageShape.Mnist, Batch);
        Encode($"encode with DINOv2-B, {Side} × {Side}", new Dinov2Encoder(new Dinov2Options()), new(PixelBuffer.Colours, Side, Side), Encoded);
        Train();
    }

    private static void Encode(string part, IEncoder encoder, ImageShape shape, int batch)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Initialise(encoder.Declare(), new RandomSource(0, CPU), CPU);
        var pixels = new RandomSource(0, CPU).Uniform("pixels", 0, batch, shape.Channels, shape.Rows, shape.Columns);
        Print(part, batch, () =>
        {
            using var each = NewDisposeScope();
            encoder.EncodeInParts(weights, pixels);
        });
    }

    // The step alone, on latents in memory.
    private static void Train()
    {
        using var workload = new Workload("default");
        var starts = new List<(long Wall, TimeSpan Processor)>();
        workload.Train(Variant.AtShare(0.25).First(), Steps, _ => starts.Add((Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime)));
        Write($"used by a training step of MFD: {workload.Description}", Batch, starts.Skip(1).Zip(starts.Skip(2), (begin, end) =>
            (Stopwatch.GetElapsedTime(begin.Wall, end.Wall).TotalSeconds, (end.Processor - begin.Processor).TotalSeconds)));
    }

    private static void Print(string part, int count, Action work)
    {
        // The first turn fills the caches.
        work();
        var seconds = new List<(double Wall, double Processor)>();
        for (var turn = 0; turn < Turns; turn++)
        {
            var (start, processor) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            work();
            seconds.Add((Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds));
        }

        Write(part, count, seconds);
    }

    private static void Write(string part, int count, IEnumerable<(double Wall, double Processor)> seconds)
    {
        var (wall, processor) = (Measured.Median(seconds.Select(turn => turn.Wall)), Measured.Median(seconds.Select(turn => turn.Processor)));
        Console.WriteLine(FormattableString.Invariant($"| {part} | {count / wall:G3} | {count / processor:G3} |"));
    }

    private static Tensor Rows(int start) => arange(start, start + Batch, dtype: ScalarType.Int64);

    // Smooth shapes under noise, about 100 KB each, as photographs are.
    private ImageIndex Write(string folder)
    {
        var random = new Random(1);
        using var bitmap = new SKBitmap(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        var pixels = new byte[Width * Height * PixelBuffer.BytesPerPixel];
        Array.Fill(pixels, byte.MaxValue);
        var entries = new List<IndexedImage>();
        for (var i = 0; i < images; i++)
        {
            var (across, down) = (random.NextDouble() / 20, random.NextDouble() / 20);
            for (var place = 0; place < Width * Height; place++)
            {
                var angle = (place % Width * across) + (place / Width * down);
                for (var colour = 0; colour < PixelBuffer.Colours; colour++)
                {
                    pixels[(place * PixelBuffer.BytesPerPixel) + colour] =
                        (byte)(128 + (90 * Math.Sin(angle + (2 * colour))) + random.Next(24));
                }
            }

            Marshal.Copy(pixels, 0, bitmap.GetPixels(), pixels.Length);
            using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, Quality);
            entries.Add(new($"{i}.jpg", 0));
            File.WriteAllBytes(Path.Combine(folder, $"{i}.jpg"), data.ToArray());
        }

        return new("images", Side, Flip: false, ["all"], entries);
    }
}
