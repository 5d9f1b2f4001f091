using MfRae.Lab.Core;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>
/// Images of one array in a file: uint8 [N, H, W, C] as ADM writes samples, or [N, C, H, W] as the lab does. The array stays mapped and
/// is read batch by batch. Images without classes have the label -1.
/// </summary>
internal sealed class ArrayImages : IImageSource
{
    private const long MostClasses = 1_000_000;
    private const string Lab = "images";
    private const string LabLabels = "labels";
    private const string First = "arr_0";
    private const string Second = "arr_1";

    private readonly Tensor _images;
    private readonly bool _channelsLast;

    private ArrayImages(Tensor images, bool channelsLast, Tensor? labels)
    {
        _images = images;
        _channelsLast = channelsLast;
        HasLabels = labels is not null;
        Labels = labels ?? full(images.shape[0], -1L, dtype: int64);
        Shape = channelsLast
            ? new(images.shape[3], images.shape[1], images.shape[2])
            : new(images.shape[1], images.shape[2], images.shape[3]);
    }

    public long Count => _images.shape[0];

    public bool HasLabels { get; }

    public long Classes => HasLabels ? Labels.max().item<long>() + 1 : 0;

    public ImageShape Shape { get; }

    public Tensor Labels { get; }

    public bool Flip => false;

    /// <summary>Whether a file holds an array that may be images.</summary>
    public static bool Recognises(TensorFile file) => Find(file) is not null;

    /// <summary>The images belong to the caller's dispose scope.</summary>
    /// <exception cref="LabException">The arrays are not of the types or shapes of images and labels.</exception>
    public static ArrayImages Open(TensorFile file)
    {
        if (Find(file) is not { } name)
        {
            throw new LabException($"{file.Path} holds no images: an array uint8 [N, H, W, C] ({First}, or the only one), or "
                + $"uint8 [N, C, H, W] called {Lab}, is needed; it has {Contents(file)}");
        }

        var stored = file.Stored(name);
        var channelsLast = name != Lab;
        var channels = stored.Shape.Count == 4 ? stored.Shape[channelsLast ? 3 : 1] : 0;
        if (stored.Type != ScalarType.Byte || channels is not (1 or 3) || stored.Shape.Contains(0))
        {
            throw new LabException($"{file.Path} holds '{name}' of {Text(stored)}; images must be uint8 "
                + $"{(channelsLast ? "[N, H, W, C]" : "[N, C, H, W]")} with C 1 or 3, and at least one");
        }

        return new(file[name], channelsLast, ReadLabels(file, name == Lab ? LabLabels : Second, stored.Shape[0]));
    }

    public Tensor Bytes(Tensor indices)
    {
        var some = _images.index_select(0, indices);
        // With one channel both orders are the same, and this is a view: other strides would choose other kernels, with other rounding.
        return !_channelsLast ? some
            : Shape.Channels == 1 ? some.view(-1, 1, Shape.Rows, Shape.Columns)
            : some.permute(0, 3, 1, 2).contiguous();
    }

    public void Prepare(Tensor indices)
    {
        // The operating system reads ahead in a mapped file.
    }

    public void Dispose()
    {
        _images.Dispose();
        Labels.Dispose();
    }

    private static string? Find(TensorFile file) =>
        file.Names(Lab) ? Lab
        : file.Names(First) ? First
        : file.Tensors.Where(entry => entry.Value.Type == ScalarType.Byte && entry.Value.Shape.Count == 4).ToList() is [var only] ? only.Key
        : null;

    private static Tensor? ReadLabels(TensorFile file, string name, long count)
    {
        if (!file.Names(name))
            return null;
        var stored = file.Stored(name);
        var whole = stored.Type is ScalarType.Int64 or ScalarType.Int32 or ScalarType.Int16 or ScalarType.Int8 or ScalarType.Byte;
        if (!whole || stored.Shape is not [var labels] || labels != count)
            throw new LabException($"{file.Path} holds '{name}' of {Text(stored)} for {count} images: labels must be whole numbers [N]");
        var values = file[name].to(int64);
        return values.min().item<long>() >= 0 && values.max().item<long>() < MostClasses
            ? values
            : throw new LabException($"{file.Path} holds labels in '{name}' that are not from 0 to {MostClasses - 1}");
    }

    private static string Contents(TensorFile file) => file.Tensors.Count + file.Unread.Count == 0
        ? "nothing"
        : string.Join(", ", file.Tensors.Select(entry => $"'{entry.Key}' of {Text(entry.Value)}")
            .Concat(file.Unread.Select(entry => $"'{entry.Key}', which {entry.Value}")).Take(5));

    private static string Text(StoredTensor stored) =>
        $"{ElementType.Of(stored.Type).Safetensors.ToLowerInvariant()} [{string.Join(", ", stored.Shape)}]";
}
