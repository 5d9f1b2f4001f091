using System.Text.RegularExpressions;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Records;

/// <summary>What an attempt was computed with, and for which command: told once, when it starts. None of it is an option.</summary>
/// <param name="Tool">Version of the program, with the commit that it was built from where the build knew it.</param>
/// <param name="Numerics">The tensor library's packages with their versions; empty where the program has none.</param>
/// <param name="Processor">Model and number of logical processors.</param>
/// <param name="Accelerators">Models of the GPUs, where one was computed on and its driver tells.</param>
/// <param name="Packages">Package → version, of all that the program was built from.</param>
/// <param name="Devices">How many devices the attempt kept busy.</param>
/// <param name="Files">Path in the options → SHA-256 of the dataset or weights there (<see cref="Planning.StageDefinition.Files"/>).</param>
/// <param name="Flops">Floating-point operations of the whole stage, estimated; null where there is no cost model for it.</param>
/// <param name="Run">Null where no run asked for it.</param>
public sealed record AttemptOrigin(
    string Tool,
    string System,
    string Runtime,
    string Numerics,
    string Processor,
    IReadOnlyList<string> Accelerators,
    IReadOnlyDictionary<string, string> Packages,
    int Devices,
    IReadOnlyDictionary<string, string> Files,
    double? Flops = null,
    RunOrigin? Run = null);

/// <summary>What was asked for, and from which source, when a run started an attempt.</summary>
/// <param name="Command">The command line, with secrets taken out (<see cref="CommandText"/>).</param>
/// <param name="Commit">The commit of the checkout in which it was run, or null where there was none.</param>
/// <param name="Patch">SHA-256 of what the checkout had beyond that commit, which the store keeps; null where it had nothing.</param>
public sealed record RunOrigin(string Command, string? Commit = null, string? Patch = null);

/// <summary>
/// A command line as it may be kept: what could be a secret is taken out before it is written anywhere. A name that merely sounds like
/// one counts, since a value too few in a record is a smaller harm than a password in it.
/// </summary>
public static partial class CommandText
{
    /// <summary>Characters. What is longer is cut.</summary>
    public const int Longest = 10_000;

    private const string Hidden = "***";

    /// <param name="arguments">Word by word, as the program got them.</param>
    /// <returns>One line in which a word that a shell would not take as one is in single quotes.</returns>
    public static string Of(IReadOnlyList<string> arguments)
    {
        var words = new List<string>();
        var secret = false;
        foreach (var argument in arguments)
        {
            words.Add(secret && !argument.StartsWith("--", StringComparison.Ordinal) ? Hidden : Quoted(Redacted(argument)));
            secret = SecretOption().IsMatch(argument);
        }

        var line = string.Join(' ', words);
        return line.Length <= Longest ? line : line[..Longest] + "…";
    }

    /// <summary>A line that a program printed, with the same taken out; of `name=value` all that follows in the line.</summary>
    public static string Redact(string line)
    {
        // Words, and between them what parts them.
        var words = Blank().Split(line);
        var secret = false;
        for (var i = 0; i < words.Length; i += 2)
        {
            var hide = secret && words[i].Length > 0 && !words[i].StartsWith("--", StringComparison.Ordinal);
            secret = SecretOption().IsMatch(words[i]);
            words[i] = hide ? Hidden : words[i];
        }

        return Redacted(string.Concat(words));
    }

    private static string Redacted(string argument)
    {
        var named = SecretValue().Replace(argument, $"$1{Hidden}");
        return UserInfo().Replace(Bearer().Replace(named, $"$1 {Hidden}"), $"$1{Hidden}@");
    }

    private static string Quoted(string word) =>
        Plain().IsMatch(word) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private const string Sensitive = "(?:token|secret|passw|passphrase|key|credential|authorization)";

    [GeneratedRegex(@"\A-{1,2}[^=\s]*" + Sensitive + @"[^=\s]*\z", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex SecretOption();

    [GeneratedRegex(@"(\s+)")]
    private static partial Regex Blank();

    // Of `name=value` all that follows, unless it is a part of a URL's query, which the next part ends.
    [GeneratedRegex(@"((?:\A|[?&;,\s{""'])[^=?&;,\s]*" + Sensitive + @"[^=?&;,\s]*=)[^&]*", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex SecretValue();

    [GeneratedRegex(@"\b(bearer|basic) +\S+", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Bearer();

    [GeneratedRegex(@"([a-z][a-z0-9+.-]*://)[^/?#\s]*@", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"\A[\w./:=,@%+*-]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Plain();
}
