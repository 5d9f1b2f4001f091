using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Formats;

/// <summary>Writes the values of tensors, row-major and little-endian.</summary>
internal static class TensorStream
{
    private const long ChunkBytes = 1 << 24;

    /// <summary>From the tensor's own memory where it is contiguous and on the CPU; in chunks, since a span ends at 2 GB.</summary>
    public static void Write(Stream stream, StoredTensor tensor)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var flat = tensor.Read().detach().cpu().contiguous().view(-1);
        var chunk = ChunkBytes / flat.element_size();
        for (long done = 0; done < flat.numel(); done += chunk)
        {
            using var part = flat.narrow(0, done, Math.Min(chunk, flat.numel() - done));
            stream.Write(part.bytes);
        }
    }
}
