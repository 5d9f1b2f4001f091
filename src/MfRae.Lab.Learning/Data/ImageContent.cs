using System.Buffers.Binary;
using System.Security.Cryptography;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Data;

/// <summary>An order of images that depends on their pixels, not on the order of their files.</summary>
internal static class ImageContent
{
    /// <summary>
    /// Hashes images uint8 [B, C, H, W] on the CPU: int64 [B], the first eight bytes of the SHA-256 of an image's pixels. A grey image that
    /// is stored in three equal channels has the hash of one channel.
    /// </summary>
    public static Tensor Hashes(Tensor images)
    {
        using var scope = NewDisposeScope();
        var hashes = new long[images.shape[0]];
        for (var i = 0; i < hashes.Length; i++)
        {
            using var each = NewDisposeScope();
            var image = images[i];
            var first = image.narrow(0, 0, 1);
            var pixels = image.shape[0] > 1 && image.eq(first).all().item<bool>() ? first : image;
            hashes[i] = BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(pixels.contiguous().data<byte>().ToArray()));
        }

        return tensor(hashes, dtype: int64).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// int64 [N]: the rows of N images by ascending hash. Rows with equal hashes are equal images, so their order does not matter.
    /// </summary>
    public static Tensor Order(IReadOnlyList<long> hashes) =>
        tensor(Enumerable.Range(0, hashes.Count).OrderBy(row => hashes[row]).Select(row => (long)row).ToArray(), dtype: int64);
}
