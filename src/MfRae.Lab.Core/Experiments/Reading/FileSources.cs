namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>Where the files come from that the shipped experiments name: the repository, or whoever publishes them.</summary>
internal static class FileSources
{
    private static readonly (string Path, string Advice)[] Known =
    [
        ("data/fashion-mnist", "it is part of the repository: git checkout -- data/fashion-mnist"),
        ("data/weights/encoder.safetensors", Committed),
        ("data/weights/decoder.safetensors", Committed),
        ("data/weights/latents.safetensors", Committed),
        ("data/weights/teacher.safetensors", Committed),
        ("data/weights/inception.safetensors", Committed),
        ("data/imagenet", "get ImageNet-1k (ILSVRC2012) from https://image-net.org/download.php"),
        ("data/dinov2-with-registers-base/", "get it with: hf download facebook/dinov2-with-registers-base --local-dir data/dinov2-with-registers-base"),
        ("data/rae/", "get it with: hf download nyu-visionx/RAE-collections --local-dir data/rae"),
        ("data/inception/pt_inception-2015-12-05-6726825d.pth",
            "get it from https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"),
    ];

    private const string Committed = "it is part of the repository: git checkout -- data/weights";

    /// <param name="path">As the options write it.</param>
    /// <returns>How to get the file or folder, or null where only the user knows.</returns>
    public static string? Of(string path)
    {
        string plain = path.Replace('\\', '/').TrimEnd('/');
        return Known.Where(known => known.Path.EndsWith('/') ? plain.StartsWith(known.Path, StringComparison.Ordinal) : plain == known.Path)
            .Select(known => known.Advice).FirstOrDefault();
    }
}
