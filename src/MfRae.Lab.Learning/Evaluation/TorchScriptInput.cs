using System.Globalization;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>How images reach a TorchScript network.</summary>
/// <param name="Size">Side that images are resized to, bicubically with antialias; 0 leaves them.</param>
/// <param name="Mean">Of each colour in [0, 1], subtracted first.</param>
/// <param name="Deviation">Of each colour, divided by.</param>
internal sealed record TorchScriptInput(int Size, IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    public string Text(ImageShape image) => $"uint8, grey repeated to RGB, {PillowResize.Text(image.Rows, image.Columns, Size)}, [0, 1], "
        + $"mean {Row(Mean)}, deviation {Row(Deviation)}";

    /// <summary>uint8 [B, 3, H, W] → float32 [B, 3, size, size].</summary>
    public Tensor Apply(Tensor images)
    {
        var pixels = Size == 0 ? images.to(float32) : PillowResize.Apply(images, Size);
        return (pixels.div(255) - PerColour(Mean, pixels)) / PerColour(Deviation, pixels);
    }

    private static Tensor PerColour(IReadOnlyList<double> values, Tensor like) =>
        tensor(values.ToArray(), [values.Count, 1, 1], dtype: like.dtype, device: like.device);

    private static string Row(IReadOnlyList<double> values) =>
        string.Join(' ', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));
}
