using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>A working directory with small images, and a feature network of random weights in the place of the embedded one.</summary>
internal sealed class EvaluationLab : IDisposable, IEvaluationProgress
{
    public const int Side = 12;

    private readonly TemporaryFolder _folder = new();

    public EvaluationLab(int channels = 1)
    {
        Directory.CreateDirectory(At("data/weights"));
        var network = new InceptionNetwork(4, 3, channels);
        using var weights = Weights.Initialise(network.Declare(), new RandomSource(5, CPU), CPU);
        weights.Save(At("data/weights/inception.safetensors"), NetworkMetadata.Of(network));
    }

    /// <summary>The lines for the user.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>Every step that was told.</summary>
    public List<(string What, long Done)> Steps { get; } = [];

    /// <summary>Called at each step.</summary>
    public Action<string, long>? OnStep { get; set; }

    public string At(string name) => _folder.File(name);

    public void Step(string what, long done, long total)
    {
        Steps.Add((what, done));
        OnStep?.Invoke(what, done);
    }

    public void Say(string line) => Lines.Add(line);

    /// <summary>uint8 [N, C, H, W]: grey values in blobs, so that features differ.</summary>
    public static Tensor Images(int seed, int count, int channels = 1, int side = Side)
    {
        var rough = new RandomSource(seed, CPU).Uniform("images", 0, count, channels, 3, 3);
        return (nn.functional.interpolate(rough, [side, side], mode: InterpolationMode.Bilinear) * 255).to(ScalarType.Byte);
    }

    /// <summary>An ADM file of samples: NHWC, and labels where there are classes.</summary>
    public string Array(string name, Tensor images, Tensor? labels = null)
    {
        var arrays = new List<(string, StoredTensor)> { ("arr_0", StoredTensor.Of(images.permute(0, 2, 3, 1).contiguous())) };
        if (labels is not null)
            arrays.Add(("arr_1", StoredTensor.Of(labels)));
        Npz.Write(At(name), arrays);
        return name;
    }

    /// <summary>A folder of PNG files, in class folders where there are labels.</summary>
    public string Folder(string name, Tensor images, Tensor? labels = null)
    {
        for (var i = 0; i < images.shape[0]; i++)
        {
            var inside = labels is null ? name : $"{name}/{labels[i].item<long>()}";
            Directory.CreateDirectory(At(inside));
            Png(At($"{inside}/{i:D4}.png"), images[i]);
        }
        return name;
    }

    /// <summary>uint8 [C, H, W].</summary>
    public static void Png(string path, Tensor image)
    {
        var values = image.expand(3, -1, -1).contiguous().data<byte>().ToArray();
        int rows = (int)image.shape[1], columns = (int)image.shape[2], plane = rows * columns;
        using var bitmap = new SKBitmap(columns, rows, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (var i = 0; i < plane; i++)
            bitmap.SetPixel(i % columns, i / columns, new SKColor(values[i], values[plane + i], values[(2 * plane) + i]));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(path, data.ToArray());
    }

    public EvaluationRequest Request(string samples, string reference) => new(
        _folder.Root, samples, reference, null, [Choice(FeatureChoice.Embedded)], [], At("cache"), "cpu", 0, 0, 0, 0, false, null, null,
        EvaluationNames.InceptionScoreForms[0], 2);

    public static FeatureChoice Choice(string name, string? weights = null) => new(name, weights, "pytorchFid", 0, [0, 0, 0], [1, 1, 1]);

    public EvaluationResult Run(EvaluationRequest request, CancellationToken stop = default) => new Evaluator(request, this, stop).Run();

    public EvaluationResult Run(string samples, string reference) => Run(Request(samples, reference));

    public void Dispose() => _folder.Dispose();
}
