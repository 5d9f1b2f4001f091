using System.Globalization;
using System.Text.RegularExpressions;
using MfRae.Lab.Learning.Formats;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// Translates the names of a published KL autoencoder to those of latent diffusion, which <see cref="AutoencoderKlEncoder"/> and
/// <see cref="AutoencoderKlDecoder"/> declare. diffusers numbers the levels of the decoder from the smallest, and keeps the attention's 1×1
/// convolutions as linear layers.
/// </summary>
internal static partial class AutoencoderKlNames
{
    // Of diffusers since 0.18 and before.
    private static readonly (string Old, string New)[] Attention =
    [
        ("group_norm.", "norm."), ("to_q.", "q."), ("query.", "q."), ("to_k.", "k."), ("key.", "k."), ("to_v.", "v."), ("value.", "v."),
        ("to_out.0.", "proj_out."), ("proj_attn.", "proj_out."),
    ];

    /// <summary>
    /// Translates a file. The discriminator and the perceptual network of a training checkpoint, `loss.…`, are left out.
    /// </summary>
    public static TensorFile Translate(TensorFile file)
    {
        var levels = file.Tensors.Keys.Select(name => UpLevel().Match(name)).Where(match => match.Success)
            .Select(match => match.Groups[1].Value).Distinct().Count();
        var translated = new Dictionary<string, Tensor>();
        foreach (var name in file.Tensors.Keys.Where(name => !name.StartsWith("loss.", StringComparison.Ordinal)))
        {
            var (value, known) = (file[name], Translate(name, levels));
            translated[known] = Projection().IsMatch(known) && value.dim() == 2 ? value.unsqueeze(-1).unsqueeze(-1) : value;
        }

        return new(file.Path, translated, file.Metadata);
    }

    /// <summary>Translates a name; a name of latent diffusion is returned unchanged.</summary>
    /// <param name="levels">The number of levels of the network.</param>
    internal static string Translate(string name, int levels)
    {
        name = DownBlock().Replace(name, "encoder.down.$1.block.$2.");
        name = DownSample().Replace(name, "encoder.down.$1.downsample.conv.");
        name = UpBlock().Replace(name, match => $"decoder.up.{Reversed(match)}.block.{match.Groups[2].Value}.");
        name = UpSample().Replace(name, match => $"decoder.up.{Reversed(match)}.upsample.conv.");
        name = MiddleBlock().Replace(name, match => $"mid.block_{Number(match.Groups[1].Value) + 1}.");
        if (name.Contains("mid_block.attentions.0.", StringComparison.Ordinal))
        {
            name = name.Replace("mid_block.attentions.0.", "mid.attn_1.", StringComparison.Ordinal);
            var part = Attention.First(pair => name.Contains("attn_1." + pair.Old, StringComparison.Ordinal));
            name = name.Replace("attn_1." + part.Old, "attn_1." + part.New, StringComparison.Ordinal);
        }

        return name.Replace("conv_shortcut.", "nin_shortcut.", StringComparison.Ordinal).Replace("conv_norm_out.", "norm_out.", StringComparison.Ordinal);

        int Reversed(Match match) => levels - 1 - Number(match.Groups[1].Value);
    }

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^encoder\.down_blocks\.([0-9]+)\.resnets\.([0-9]+)\.")]
    private static partial Regex DownBlock();

    [GeneratedRegex(@"^encoder\.down_blocks\.([0-9]+)\.downsamplers\.0\.conv\.")]
    private static partial Regex DownSample();

    [GeneratedRegex(@"^decoder\.up_blocks\.([0-9]+)\.resnets\.([0-9]+)\.")]
    private static partial Regex UpBlock();

    [GeneratedRegex(@"^decoder\.up_blocks\.([0-9]+)\.upsamplers\.0\.conv\.")]
    private static partial Regex UpSample();

    [GeneratedRegex(@"^decoder\.up_blocks\.([0-9]+)\.")]
    private static partial Regex UpLevel();

    [GeneratedRegex(@"mid_block\.resnets\.([01])\.")]
    private static partial Regex MiddleBlock();

    [GeneratedRegex(@"\.attn_1\.(q|k|v|proj_out)\.weight$")]
    private static partial Regex Projection();
}
