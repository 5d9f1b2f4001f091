using MfRae.Lab.Core.Experiments;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>Colour images whose colours are all equal, as grey ones: the red of each pixel.</summary>
/// <param name="name">Of an image, for messages.</param>
internal sealed class GreyImages(IImageSource colours, Func<long, string> name) : IImageSource
{
    // WebP decodes a grey image with green one level lower here and there.
    private const int Rounding = 1;

    public long Count => colours.Count;

    public long Classes => colours.Classes;

    public ImageShape Shape => colours.Shape with { Channels = 1 };

    public Tensor Labels => colours.Labels;

    public bool Flip => colours.Flip;

    /// <exception cref="LabException">An image has colours.</exception>
    public Tensor Bytes(Tensor indices)
    {
        var bytes = colours.Bytes(indices);
        var first = bytes.narrow(1, 0, 1);
        var coloured = bytes.to(int16).sub_(first).abs_().gt(Rounding).flatten(1).any(1);
        if (coloured.any().item<bool>())
            throw new LabException($"{name(indices[coloured.to(uint8).argmax(0)].item<long>())} has colours, and the feature network sees "
                + "grey images only: choose another one by --features");
        return first.contiguous();
    }

    public void Prepare(Tensor indices) => colours.Prepare(indices);

    public void Dispose() => colours.Dispose();
}
