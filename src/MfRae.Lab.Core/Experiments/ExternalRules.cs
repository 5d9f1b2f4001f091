using System.Globalization;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks an arm whose samples are those of another program.</summary>
/// <param name="options">The `base` of the arm, patched.</param>
/// <param name="headers">Reads the headers of files with samples.</param>
/// <param name="seeds">All seeds of the experiment.</param>
internal sealed class ExternalRules(Diagnostics mistakes, OptionView options, InputHeaders headers, IReadOnlyList<long> seeds)
{
    private const string External = "sampling.external";
    private const string Command = External + ".command";
    private const string Inputs = External + ".inputs";
    private const string SamplesPath = External + ".path";
    private const int Shown = 3;

    public void Check()
    {
        CheckArm();
        CheckRange();
        if (options.Kind(External) == "command")
        {
            CheckCommand();
        }
        else
        {
            CheckFiles();
        }
    }

    /// <summary>Checks that nothing in the arm is trained, and that each run has one set of samples.</summary>
    private void CheckArm()
    {
        foreach (string stage in (string[])["teacher", "cmt", "meanflow"])
        {
            if (options.Kind(stage) is { } kind && kind != "none")
            {
                mistakes.Add(
                    options.MostLikelySource($"{stage}.kind", External),
                    $"the samples are those of another program (`external`), but {stage} is of kind `{kind}`",
                    $"write \"{stage}\": {{ \"kind\": \"none\" }} in the arm");
            }
        }

        if (options.Kind("study") is not null)
        {
            mistakes.Add(options.At("study"), "`study` examines a network of the lab, but the samples are those of another program", "remove `study`");
        }

        if (options.Kind("dataset") == "oracle")
        {
            mistakes.Add(options.At(External), "`external` with an oracle dataset, which has no images", "choose a dataset of kind idx or imageFolder");
        }

        if (options.Number("sampling.noiseSets") > 1)
        {
            mistakes.Add(
                options.MostLikelySource("sampling.noiseSets", External),
                "`noiseSets` is above 1, but another program makes one set of samples for each run", "set `noiseSets` to 1");
        }
    }

    private void CheckRange()
    {
        if (options.Numbers(External + ".range") is { } range && !(range.Count == 2 && range[0] < range[1]))
        {
            mistakes.Add(options.At(External + ".range"), "`range` is not the value of black and a larger value of white", "write e.g. [-1, 1]");
        }
    }

    private void CheckCommand()
    {
        string[] words = [.. options.Scalars(Command).Select(word => word.Text).OfType<string>()];
        if (words.Length == 0)
        {
            if (options.IsWritten(Command))
            {
                mistakes.Add(options.At(Command), "`command` is empty", "write the program and its arguments, e.g. [\"python3\", \"generator.py\"]");
            }

            return;
        }

        if (!headers.Reads)
        {
            return;
        }

        if (!headers.FindsProgram(words[0]))
        {
            mistakes.Add(
                options.At(Command),
                $"the program {words[0]} is not found " + (words[0].Contains('/') ? "in the working directory" : "in the folders of PATH"),
                "install it, or write its path relative to the working directory");
        }

        string[] inputs = [.. options.Scalars(Inputs).Select(input => input.Text).OfType<string>()];
        foreach (string input in inputs)
        {
            CheckInput(input);
        }

        foreach (string script in words.Skip(1).Where(word => !inputs.Contains(word) && headers.IsFile(word)))
        {
            mistakes.Warn(
                options.At(Command),
                $"the command names the file {script}, but `inputs` does not: a change of the file would not be noticed",
                $"write \"inputs\": [\"{script}\"]");
        }
    }

    private void CheckInput(string input)
    {
        if (headers.IsFolder(input))
        {
            mistakes.Add(options.At(Inputs), $"the input {input} is a folder: only contents of files are part of the key", "name the files in it");
        }
        else if (!headers.IsFile(input))
        {
            mistakes.Add(
                options.At(Inputs), $"file {input} not found in {headers.WorkingDirectory}",
                FileSources.Of(input) ?? "name a file, or remove it from `inputs`", input);
        }
    }

    private void CheckFiles()
    {
        if (options.Text(SamplesPath) is not { Length: > 0 } path || (options.IsWritten("sampling.steps") && options.Numbers("sampling.steps") is null))
        {
            return;
        }

        int[] steps = [.. options.Numbers("sampling.steps")?.Select(step => (int)step) ?? SamplingDefaults.Steps];
        CheckMark(path, ExternalSamplesOptions.SeedMark, seeds.Count, "seeds");
        CheckMark(path, ExternalSamplesOptions.StepsMark, steps.Length, "numbers of steps");
        string extension = Path.GetExtension(path);
        if (extension.Length > 0 && !FileSamplesOptions.Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase)
            && !(headers.Reads && headers.IsFolder(path)))
        {
            mistakes.Add(
                options.At(SamplesPath), $"samples are not read from files that end with {extension}",
                $"name a folder of PNG files, or a file that ends with {string.Join(" or ", FileSamplesOptions.Extensions)}");
            return;
        }

        if (!headers.Reads)
        {
            return;
        }

        string[] paths = [.. seeds.SelectMany(seed => new FileSamplesOptions(path).Of(seed).Files(steps)).Distinct()];
        string[] missing = [.. paths.Where(each => !headers.IsFile(each) && !headers.IsFolder(each))];
        if (missing.Length > 0)
        {
            string others = missing.Length > Shown ? FormattableString.Invariant($" and {missing.Length - Shown} more") : "";
            mistakes.Add(
                options.At(SamplesPath), $"samples {string.Join(", ", missing.Take(Shown))}{others} not found in {headers.WorkingDirectory}",
                "put them there, or change `path`", missing[0]);
        }

        foreach (string each in paths.Except(missing))
        {
            CheckSamples(each);
        }
    }

    private void CheckMark(string path, string mark, int count, string what)
    {
        if (count > 1 && !path.Contains(mark, StringComparison.Ordinal))
        {
            mistakes.Add(
                options.At(SamplesPath),
                string.Create(CultureInfo.InvariantCulture, $"there are {count} {what}, but the path has no {mark}: all would be the same samples"),
                $"write {mark} where the paths differ");
        }
    }

    private void CheckSamples(string path)
    {
        if (headers.Samples(path) is not { } found)
        {
            return;
        }

        if (found.Problem is { } problem)
        {
            mistakes.Add(options.At(SamplesPath), $"{path}: {problem}", $"write an array {SampleArray.Names[0].Images} or {SampleArray.Names[1].Images}");
            return;
        }

        if (options.Number("sampling.samples") is { } samples && found.Count < samples)
        {
            mistakes.Add(
                options.MostLikelySource("sampling.samples", External),
                FormattableString.Invariant($"`samples` is {samples}, but {path} has {found.Count} images"),
                FormattableString.Invariant($"set `samples` to at most {found.Count} in every arm, or add images"));
        }

        if (found.Shape is { } shape && headers.Dataset(options).Image is { } image
            && SampleArray.Layout(shape, image.Channels, image.Rows, image.Columns) is null)
        {
            mistakes.Add(
                options.At(SamplesPath),
                $"{path} has images of shape [{string.Join(", ", shape)}], but the dataset has {image} images",
                $"write an array {SampleArray.Expected(image.Channels, image.Rows, image.Columns)}");
        }
    }
}
