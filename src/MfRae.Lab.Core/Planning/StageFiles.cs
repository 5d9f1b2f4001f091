using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Planning;

/// <summary>Names of the files of datasets.</summary>
public static class StageFiles
{
    /// <inheritdoc cref="IdxDatasetOptions.FileNames"/>
    public static IReadOnlyList<string> IdxNames => IdxDatasetOptions.FileNames;

    /// <inheritdoc cref="ImageFolderDatasetOptions.Splits"/>
    public static IReadOnlyList<string> Splits => ImageFolderDatasetOptions.Splits;
}
