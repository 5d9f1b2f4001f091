using System.Globalization;
using System.Text.Json.Serialization;

namespace MfRae.Lab.Core.Options;

/// <summary>
/// Samples of another program, which are measured like those of the lab's own generators. The option `steps` of the sampling declares the
/// number of network evaluations behind each sample.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CommandSamplesOptions), "command")]
[JsonDerivedType(typeof(FileSamplesOptions), "files")]
public abstract record ExternalSamplesOptions
{
    /// <summary>Replaced by the seed of the run.</summary>
    public const string SeedMark = "{seed}";

    /// <summary>Replaced by the number of network evaluations.</summary>
    public const string StepsMark = "{steps}";

    /// <summary>The paths of the files or folders that decide the samples, relative to the working directory.</summary>
    /// <param name="steps">The numbers of network evaluations.</param>
    public abstract IEnumerable<string> Files(IReadOnlyList<int> steps);

    /// <summary>The options of the run with a seed.</summary>
    public virtual ExternalSamplesOptions Of(long seed) => this;

    /// <summary>A text with a number instead of a mark.</summary>
    public static string Fill(string text, string mark, long number) =>
        text.Replace(mark, number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}

/// <summary>
/// A program that makes the samples of a run. It is started in the working directory once for each number of steps, with the seed, the
/// noise, the labels and the folder for its samples in its environment (docs/external.md).
/// </summary>
/// <param name="Command">The program and its arguments, in which `{seed}` and `{steps}` are replaced.</param>
/// <param name="Inputs">The files that decide the samples, such as the script: their contents are part of the stage's key.</param>
/// <param name="Range">The values of black and white, for arrays of real numbers, such as [-1, 1].</param>
/// <param name="TimeoutMinutes">The time after which a program that has not ended is killed.</param>
public sealed record CommandSamplesOptions(
    IReadOnlyList<string> Command,
    IReadOnlyList<string>? Inputs = null,
    [property: OptionRange(-1_000_000, 1_000_000)] IReadOnlyList<double>? Range = null,
    [property: OptionRange(1, 1_000_000)] int TimeoutMinutes = 720) : ExternalSamplesOptions
{
    /// <inheritdoc/>
    public override IEnumerable<string> Files(IReadOnlyList<int> steps) => (Inputs ?? []).Distinct();
}

/// <summary>Samples that exist: a folder of images, an .npz file as ADM writes it, or a safetensors file.</summary>
/// <param name="Path">The file or folder, in which `{seed}` and `{steps}` are replaced.</param>
/// <param name="Range">As in <see cref="CommandSamplesOptions"/>.</param>
public sealed record FileSamplesOptions(
    string Path,
    [property: OptionRange(-1_000_000, 1_000_000)] IReadOnlyList<double>? Range = null) : ExternalSamplesOptions
{
    /// <summary>The extensions of files with arrays. Any other path is a folder.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".npz", ".safetensors"];

    /// <summary>The path of the samples with a number of network evaluations.</summary>
    public string At(int steps) => Fill(Path, StepsMark, steps);

    /// <inheritdoc/>
    public override IEnumerable<string> Files(IReadOnlyList<int> steps) => steps.Select(At).Distinct();

    /// <inheritdoc/>
    public override ExternalSamplesOptions Of(long seed) => this with { Path = Fill(Path, SeedMark, seed) };
}
