using MfRae.Lab.Core.Images;
using MfRae.Lab.Learning.Data;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Images that are measured, or compared with.</summary>
/// <param name="Path">As the user gave it.</param>
/// <param name="Hash">SHA-256 of the content: of the file, or of the hashes of all files in their order, with the labels.</param>
/// <param name="Classes">Names of the classes, or null where images have none.</param>
/// <param name="Name">What an image is called.</param>
/// <param name="Named">Whether names of classes are those of folders; otherwise they are the numbers of the labels.</param>
/// <param name="PassedOver">Entries of the folder that are not read as images, or null where images come from a file.</param>
internal sealed record ImageSet(
    string Path, IImageSource Images, string Hash, IReadOnlyList<string>? Classes, Func<long, string> Name, bool Named = false,
    PassedOver? PassedOver = null)
    : IDisposable
{
    public long Count => Images.Count;

    /// <summary>The images for a network that takes so many channels; they belong to this set.</summary>
    public IImageSource For(long channels) => channels < Images.Shape.Channels ? new GreyImages(Images, Name) : Images;

    public void Dispose() => Images.Dispose();
}
